#include "data/tokenizer/fairseq_bpe.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/foreign_json.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

fs::path first_of(const fs::path& folder, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (fs::exists(folder / name)) return folder / name;
  return {};
}

}  // namespace

Gpt2Files find_gpt2_files(const fs::path& folder) {
  return {first_of(folder, {"encoder.json", "vocab.json"}), first_of(folder, {"vocab.bpe", "merges.txt"})};
}

std::optional<BpeFiles> compose_fairseq_bpe(const Gpt2Files& files, const FairseqDictionary& dictionary) {
  const std::string where = files.vocabulary.string();
  const Json gpt2 = parse_foreign_json<Json>(read_tokenizer_file(where));
  LB_REQUIRE(gpt2.is_object() && !gpt2.empty(), ErrorKind::model, "tokenizer", "{}: no JSON map of tokens to ids",
             where);
  if (gpt2.contains("<s>")) return std::nullopt;
  std::vector<std::string> tokens;
  for (int32_t id = 0; id < dictionary.size(); ++id) tokens.push_back(dictionary.symbol(id));
  for (const auto& [token, id] : gpt2.items()) {
    LB_REQUIRE(id.is_number_unsigned() && dictionary.has(id.dump()), ErrorKind::model, "tokenizer",
               "{}: {} has id {}, which is no symbol of {}; give the dictionary that the model was trained with", where,
               Json(token).dump(), id.dump(), dictionary.path().string());
    tokens[static_cast<size_t>(dictionary.id(id.dump()))] = token;
  }
  Json composed = Json::object();
  for (size_t id = 0; id < tokens.size(); ++id) composed[tokens[id]] = id;
  LB_REQUIRE(composed.size() == tokens.size(), ErrorKind::model, "tokenizer",
             "{}: a token of {} is also a symbol of it", dictionary.path().string(), where);
  return BpeFiles{composed.dump(), read_tokenizer_file(files.merges)};
}

}  // namespace lowbit
