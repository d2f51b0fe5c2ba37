#include "data/tokenizer/tokenizer_json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/foreign_json.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {
namespace {

using Json = nlohmann::json;

/// json[a][b], or null.
Json at(const Json& json, const char* a, const char* b) {
  return json.contains(a) && json[a].is_object() && json[a].contains(b) ? json[a][b] : Json();
}

std::string merge_line(const Json& merge, const std::string& where) {
  if (merge.is_string()) return merge.get<std::string>();
  LB_REQUIRE(merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string(), ErrorKind::model,
             "tokenizer", "{}: the merge {} is no pair of tokens", where, merge.dump());
  return merge[0].get<std::string>() + " " + merge[1].get<std::string>();
}

Json read_json(const std::filesystem::path& path) {
  return parse_foreign_object("tokenizer", path.string(), read_tokenizer_file(path));
}

}  // namespace

std::optional<bool> lstrip_of_mask(const Json& token) {
  if (!token.is_object() || token.value("content", Json()) != "<mask>") return std::nullopt;
  return token.value("lstrip", Json()) == true;
}

std::optional<bool> read_lstrip_of_mask(const std::filesystem::path& tokenizer_json) {
  for (const Json& token : read_json(tokenizer_json).value("added_tokens", Json::array()))
    if (const std::optional<bool> found = lstrip_of_mask(token)) return found;
  return std::nullopt;
}

BpeFiles read_bpe_tokenizer_json(const std::filesystem::path& path) {
  const std::string where = path.string();
  const Json json = read_json(path);
  const auto expect = [&](bool condition, const char* part, const Json& value) {
    LB_REQUIRE(condition, ErrorKind::model, "tokenizer",
               "{}: {} {}: of tokenizer.json only BART's byte-level BPE and mBART's Unigram are read", where, part,
               value.dump());
  };
  expect(at(json, "model", "type") == "BPE", "model.type", at(json, "model", "type"));
  expect(at(json, "pre_tokenizer", "type") == "ByteLevel", "pre_tokenizer.type", at(json, "pre_tokenizer", "type"));
  const Json space = at(json, "pre_tokenizer", "add_prefix_space"), regex = at(json, "pre_tokenizer", "use_regex");
  expect(space == false, "pre_tokenizer.add_prefix_space", space);
  expect(regex.is_null() || regex == true, "pre_tokenizer.use_regex", regex);
  if (json.contains("normalizer")) expect(json["normalizer"].is_null(), "normalizer", json["normalizer"]);

  const Json vocabulary = at(json, "model", "vocab"), merges = at(json, "model", "merges");
  expect(vocabulary.is_object(), "model.vocab", vocabulary.type_name());
  expect(merges.is_array(), "model.merges", merges.type_name());
  BpeFiles files{.vocabulary = vocabulary.dump(), .merges = "#version: 0.2\n"};
  for (const Json& merge : merges) files.merges += merge_line(merge, where) + "\n";
  for (const Json& token : json.value("added_tokens", Json::array())) {
    expect(token.is_object() && token.value("content", Json()).is_string(), "added token", token);
    const std::string content = token["content"];
    expect(vocabulary.contains(content) && vocabulary[content] == token.value("id", Json()), "added token", token);
    if (const std::optional<bool> lstrip = lstrip_of_mask(token)) files.mask_takes_space = *lstrip;
  }
  return files;
}

}  // namespace lowbit
