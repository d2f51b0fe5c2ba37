#include "data/tokenizer/bart_tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "data/tokenizer/open_tokenizer.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kBpe = LB_TEST_DIR "/golden/bpe";

/// Texts and ids of transformers' BartTokenizer (tests/golden/make_bpe.py).
TEST(BartTokenizer, GivesTransformersIdsAndTexts) {
  const auto tokenizer = BartTokenizer::load(kBpe);
  const json golden = json::parse(test::contents(kBpe / "sample.json"));
  size_t encoded = 0;
  for (const json& row : golden.at("rows")) {
    const auto ids = row.at("ids").get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer->decode(ids), row.at("decoded").get<std::string>()) << row.dump();
    if (!row.contains("text")) continue;
    std::vector<int32_t> found = encode_source(*tokenizer, row.at("text").get<std::string>());
    found.push_back(tokenizer->framing().source_end);
    EXPECT_EQ(found, ids) << row.dump();
    ++encoded;
  }
  EXPECT_GT(encoded, 100u);
}

TEST(BartTokenizer, HasBartsSpecialIdsAndFraming) {
  const auto tokenizer = BartTokenizer::load(kBpe);
  EXPECT_EQ(tokenizer->vocab_size(), 605);
  EXPECT_EQ(tokenizer->special_ids(), SpecialIds());
  EXPECT_EQ(tokenizer->piece(604), "<mask>");
  EXPECT_EQ(encode_source(*tokenizer, "").size(), 1u);
  EXPECT_EQ(encode_target(*tokenizer, "").front(), 0);
  EXPECT_EQ(tokenizer->framing().target_end, 2);
  const auto whole = encode_source(*tokenizer, "Hello world"), cut = encode_source(*tokenizer, "Hello world", 5);
  EXPECT_EQ(cut, std::vector<int32_t>(whole.begin(), whole.begin() + 4));
}

TEST(BartTokenizer, LongWordsTakeNoQuadraticTime) {
  const auto tokenizer = BartTokenizer::load(kBpe);
  const std::string word(200'000, 'e');
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(word)), word);
}

TEST(BartTokenizer, SavedFilesAreTheSame) {
  const test::TempDir folder;
  const auto tokenizer = BartTokenizer::load(kBpe);
  tokenizer->save(folder.path());
  EXPECT_EQ(open_tokenizer(folder.path())->fingerprint(), tokenizer->fingerprint());
  EXPECT_EQ(test::contents(folder.path("vocab.json")), test::contents(kBpe / "vocab.json"));
}

/// vocab.json and merges.txt as one tokenizer.json.
json as_tokenizer_json() {
  json merges = json::array();
  std::ifstream file(kBpe / "merges.txt");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) merges.push_back({line.substr(0, line.find(' ')), line.substr(line.find(' ') + 1)});
  return {
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
      {"added_tokens", {{{"id", 604}, {"content", "<mask>"}, {"lstrip", true}}}},
      {"model", {{"type", "BPE"}, {"vocab", json::parse(test::contents(kBpe / "vocab.json"))}, {"merges", merges}}}};
}

TEST(BartTokenizer, ReadsTokenizerJson) {
  const test::TempDir folder;
  std::ofstream(folder.path("tokenizer.json")) << as_tokenizer_json().dump();
  const auto one = open_tokenizer(folder.path());
  const auto two = BartTokenizer::load(kBpe);
  for (const std::string text : {"It's a <mask>, isn't it?", "naïve \u00a0 x86_64"})
    EXPECT_EQ(one->encode(text), two->encode(text));
  EXPECT_EQ(one->fingerprint(), two->fingerprint());
  json loose = as_tokenizer_json();
  loose["added_tokens"][0]["lstrip"] = false;
  std::ofstream(folder.path("tokenizer.json")) << loose.dump();
  EXPECT_EQ(open_tokenizer(folder.path())->encode("a <mask>").size(), two->encode("a <mask>").size() + 1);
}

/// What transformers 5.24 gives for the same folders: whose word it takes where the files differ.
TEST(BartTokenizer, WhetherMaskTakesTheSpaceStandsWhereTransformersLooks) {
  const auto mask = [](bool lstrip) { return json{{"content", "<mask>"}, {"lstrip", lstrip}}; };
  const auto takes = [](const std::optional<json>& config, const std::optional<json>& tokenizer_json, bool old_files) {
    const test::TempDir folder;
    if (old_files)
      for (const char* name : {"vocab.json", "merges.txt"}) fs::copy_file(kBpe / name, folder.path(name));
    if (config) std::ofstream(folder.path("tokenizer_config.json")) << config->dump();
    if (tokenizer_json) std::ofstream(folder.path("tokenizer.json")) << tokenizer_json->dump();
    const auto tokenizer = open_tokenizer(folder.path());
    const test::TempDir saved;
    tokenizer->save(saved.path());
    const std::vector<int32_t> ids = tokenizer->encode("a <mask> b");
    EXPECT_EQ(open_tokenizer(saved.path())->encode("a <mask> b"), ids);
    EXPECT_EQ(ids.size(), ids == std::vector<int32_t>({68, 604, 305}) ? 3u : 4u);
    return ids.size() == 3;
  };
  for (const bool lstrip : {true, false}) {
    SCOPED_TRACE(lstrip);
    json file = as_tokenizer_json(), bare = as_tokenizer_json();
    file["added_tokens"][0]["lstrip"] = lstrip;
    bare.erase("added_tokens");
    const json decoder = {{"added_tokens_decoder", {{"604", mask(lstrip)}}}, {"mask_token", mask(!lstrip)}};
    const json token = {{"mask_token", mask(lstrip)}},
               other_decoder = {{"added_tokens_decoder", {{"604", mask(!lstrip)}}}},
               other_token = {{"mask_token", mask(!lstrip)}};
    EXPECT_EQ(takes(decoder, std::nullopt, true), lstrip);
    EXPECT_EQ(takes(token, std::nullopt, true), lstrip);
    for (const bool old_files : {true, false}) {
      EXPECT_EQ(takes(std::nullopt, file, old_files), lstrip);
      EXPECT_EQ(takes(other_token, file, old_files), lstrip);
      EXPECT_EQ(takes(other_decoder, file, old_files), !lstrip);
      EXPECT_EQ(takes(token, bare, old_files), lstrip);
    }
  }
  for (const json& config : {json::object(), json{{"mask_token", "<mask>"}, {"added_tokens_decoder", 3}}})
    EXPECT_TRUE(takes(config, std::nullopt, true));
}

TEST(BartTokenizer, RefusesOtherTokenizerJsonByName) {
  const auto refused = [](const std::function<void(json&)>& spoil, std::initializer_list<const char*> words) {
    const test::TempDir folder;
    json content = as_tokenizer_json();
    spoil(content);
    std::ofstream(folder.path("tokenizer.json")) << content.dump();
    test::expect_error(ErrorKind::model, words, [&] { open_tokenizer(folder.path()); });
  };
  refused([](json& j) { j["model"]["type"] = "WordPiece"; }, {"tokenizer.json", "model.type", "WordPiece"});
  refused([](json& j) { j["normalizer"] = {{"type", "NFC"}}; }, {"normalizer", "NFC"});
  refused([](json& j) { j["pre_tokenizer"]["type"] = "Whitespace"; }, {"pre_tokenizer.type", "Whitespace"});
  refused([](json& j) { j["pre_tokenizer"]["add_prefix_space"] = true; }, {"add_prefix_space"});
  refused([](json& j) { j["added_tokens"].push_back({{"id", 605}, {"content", "<new>"}}); }, {"<new>"});
  refused([](json& j) { j["model"]["merges"].push_back({"a"}); }, {"merge"});
  refused([](json& j) { j["model"]["vocab"] = 3; }, {"model.vocab"});
  refused([](json& j) { j["added_tokens"].push_back(7); }, {"added token 7"});
  refused([](json& j) { j["added_tokens"].push_back({{"content", 7}}); }, {"added token", "content"});
  const test::TempDir folder;
  std::ofstream(folder.path("tokenizer.json"))
      << R"({"model": {"type": )" << std::string(1'000'000, '[') << std::string(1'000'000, ']') << "}}";
  test::expect_error(ErrorKind::model, {"tokenizer.json", "not a JSON object"}, [&] { open_tokenizer(folder.path()); });
}

TEST(BartTokenizer, BrokenFilesAreErrors) {
  const auto refused = [](const char* file, const std::function<std::string(std::string)>& spoil,
                          std::initializer_list<const char*> words) {
    const test::TempDir folder;
    for (const char* name : {"vocab.json", "merges.txt"}) fs::copy_file(kBpe / name, folder.path(name));
    const std::string text = spoil(test::contents(folder.path(file)));
    std::ofstream(folder.path(file), std::ios::binary) << text;
    test::expect_error(ErrorKind::model, words, [&] { BartTokenizer::load(folder.path()); });
  };
  const auto without = [](const std::string& part, const std::string& instead) {
    return [=](std::string text) { return text.replace(text.find(part), part.size(), instead); };
  };
  refused("vocab.json", [](const std::string&) { return "[1]"; }, {"vocab.json", "no JSON map"});
  refused("vocab.json", without("\"<unk>\": 3", "\"<unk>\": 9999"), {"vocab.json", "<unk>", "9999"});
  refused("vocab.json", without("\"<pad>\"", "\"<dap>\""), {"vocab.json", "<pad>"});
  refused("vocab.json", without("\"!\"", "\"!!!!\""), {"byte 33"});
  refused("merges.txt", [](const std::string& text) { return text + "q\n"; }, {"merges.txt", "line"});
  const auto cut_off = [](const std::string& text) {
    return text.substr(0, text.rfind('\n', text.size() * 3 / 4) + 1);
  };
  refused("merges.txt", cut_off, {"merges.txt", "no merge makes", "of the 605 tokens", "cut off"});
  refused("merges.txt", [](const std::string& text) { return text + "q x\n"; }, {"merges.txt", "qx", "no id"});
  const test::TempDir both;
  for (const char* name : {"vocab.json", "merges.txt"}) fs::copy_file(kBpe / name, both.path(name));
  std::ofstream(both.path("tokenizer_config.json")) << "{\n\"mask_token\": }";
  test::expect_error(ErrorKind::model, {"tokenizer_config.json", "not a JSON object", "byte 17", "line 2"},
                     [&] { BartTokenizer::load(both.path()); });
  const test::TempDir empty;
  test::expect_error(ErrorKind::model, {"vocab.json"}, [&] { BartTokenizer::load(empty.path()); });
  EXPECT_EQ(open_tokenizer(empty.path()), nullptr);
}

}  // namespace
}  // namespace lowbit
