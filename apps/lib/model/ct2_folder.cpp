#include "apps/lib/model/ct2_folder.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files/atomic.h"
#include "nn/checkpoint/ct2/ct2_export.h"
#include "nn/layer_norm.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

Json config_of(const Tokenizer& tokenizer, const TransformerConfig& model) {
  const Framing framing = tokenizer.framing();
  Json config = {{"add_source_bos", false},
                 {"add_source_eos", framing == Framing()},
                 {"bos_token", tokenizer.piece(model.bos)},
                 {"decoder_start_token", nullptr},
                 {"eos_token", tokenizer.piece(model.eos)},
                 {"layer_norm_epsilon", LayerNorm::kEpsilon},
                 {"unk_token", tokenizer.piece(tokenizer.special_ids().unk)}};
  // Where a language starts the decoder, it is the caller's target prefix.
  if (framing.decoder_start < 0) config["decoder_start_token"] = tokenizer.piece(model.decoder_start);
  return config;
}

}  // namespace

std::vector<std::string> fill_ct2_folder(LoadedModel& loaded, const Tokenizer& tokenizer, const std::string& folder) {
  const std::filesystem::path path = folder;
  std::vector<std::string> notes = write_ct2_model(*loaded.model, (path / "model.bin").string());
  Json vocabulary = Json::array();
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) vocabulary.push_back(tokenizer.piece(id));
  write_file_atomically((path / "config.json").string(), config_of(tokenizer, loaded.model->config()).dump(2) + "\n");
  write_file_atomically((path / "shared_vocabulary.json").string(), vocabulary.dump(2) + "\n");
  tokenizer.save(path);
  return notes;
}

}  // namespace lowbit
