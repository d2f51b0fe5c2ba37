#include "apps/lib/model/gguf_folder.h"

#include <filesystem>

namespace lowbit {
namespace {

/// Of llama.cpp's token types.
enum TokenType : int32_t { normal = 1, unknown = 2, control = 3 };

/// The keys of llama.cpp's vocabularies, but for "tokenizer.ggml.model", which would promise that its code splits text
/// as this tokenizer does.
GgufMetadata describe(const Tokenizer& tokenizer) {
  const SpecialIds& special = tokenizer.special_ids();
  std::vector<std::string> pieces;
  pieces.reserve(static_cast<size_t>(tokenizer.vocab_size()));
  std::vector<int32_t> types(static_cast<size_t>(tokenizer.vocab_size()), normal);
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) pieces.push_back(tokenizer.piece(id));
  for (const int32_t id : {special.bos, special.pad, special.eos}) types[static_cast<size_t>(id)] = control;
  types[static_cast<size_t>(special.unk)] = unknown;
  const auto id_of = [](int32_t id) { return static_cast<uint32_t>(id); };
  return {{"tokenizer.ggml.tokens", std::move(pieces)},
          {"tokenizer.ggml.token_type", std::move(types)},
          {"tokenizer.ggml.bos_token_id", id_of(special.bos)},
          {"tokenizer.ggml.eos_token_id", id_of(special.eos)},
          {"tokenizer.ggml.unknown_token_id", id_of(special.unk)},
          {"tokenizer.ggml.padding_token_id", id_of(special.pad)}};
}

}  // namespace

std::vector<std::string> fill_gguf_folder(LoadedModel& loaded, const Tokenizer& tokenizer, GgufTypes types,
                                          const std::string& folder) {
  const std::filesystem::path path = folder;
  tokenizer.save(path);
  return write_gguf_model(*loaded.model, types, describe(tokenizer), (path / "model.gguf").string());
}

}  // namespace lowbit
