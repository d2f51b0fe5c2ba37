#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "data/tokenizer/mbart_tokenizer.h"
#include "data/tokenizer/open_tokenizer.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kIds = LB_TEST_DIR "/golden/mbart_ids";  // tests/golden/make_mbart_ids.py
const Languages kLanguages = {"en_XX", "de_DE"};

/// The tokenizer.json of a form.
json tokenizer_json(const std::string& form) {
  const json golden = json::parse(test::contents(kIds / "forms.json"));
  json content = golden.at("forms").at(form);
  json& normalizer = content["normalizer"];
  if (normalizer.is_object()) {
    json& map = normalizer.contains("normalizers") ? normalizer["normalizers"][0] : normalizer;
    map["precompiled_charsmap"] = golden.at("charsmap");
  }
  const json vocabulary = golden.at("vocab"), mask = content["mask"];
  content.erase("mask");
  content["model"]["vocab"] = vocabulary;
  content["added_tokens"] = json::array();
  const auto add = [&](size_t id, const std::string& token) {
    content["added_tokens"].push_back(
        {{"id", id}, {"content", token}, {"lstrip", false}, {"rstrip", false}, {"normalized", false}});
  };
  for (size_t id = 0; id < 4; ++id) add(id, vocabulary[id][0]);
  const test::TempDir folder;
  fs::copy_file(kIds / "sentencepiece.bpe.model", folder.path("sentencepiece.bpe.model"));
  const auto codes = open_tokenizer(folder.path(), mask.at("id").get<int64_t>() + 1, kLanguages);
  for (size_t id = vocabulary.size(); id < mask.at("id"); ++id) {
    const std::string code = codes->piece(static_cast<int32_t>(id));
    content["model"]["vocab"].push_back({code, 0.0});
    add(id, code);
  }
  content["model"]["vocab"].push_back({"<mask>", 0.0});
  content["added_tokens"].push_back(mask);
  return content;
}

/// A folder as transformers writes it.
void write_folder(const test::TempDir& folder, const std::string& form) {
  const std::string name = form.ends_with("50") ? "MBart50Tokenizer" : "MBartTokenizer";
  std::ofstream(folder.path("tokenizer_config.json"))
      << json{{"tokenizer_class", name}, {"src_lang", "en_XX"}, {"tgt_lang", "de_DE"}};
  if (form.starts_with("spm"))
    fs::copy_file(kIds / "sentencepiece.bpe.model", folder.path("sentencepiece.bpe.model"));
  else
    std::ofstream(folder.path("tokenizer.json")) << tokenizer_json(form);
}

std::vector<int32_t> source_of(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<int32_t> ids = encode_source(tokenizer, text);
  ids.push_back(tokenizer.framing().source_end);
  return ids;
}

class MbartIds : public ::testing::TestWithParam<const char*> {};

TEST_P(MbartIds, AreThoseOfPython) {
  const test::TempDir folder, saved;
  write_folder(folder, GetParam());
  const auto tokenizer = open_tokenizer(folder.path());
  ASSERT_TRUE(dynamic_cast<const MbartTokenizer*>(tokenizer.get()));
  tokenizer->save(saved.path());
  const auto again = open_tokenizer(saved.path());
  EXPECT_EQ(again->fingerprint(), tokenizer->fingerprint());
  EXPECT_EQ(again->framing(), tokenizer->framing());
  const json golden = json::parse(test::contents(kIds / "sample.json"));
  EXPECT_GT(golden.at("rows").size(), 60u);
  for (const json& row : golden.at("rows")) {
    const auto text = row.at("text").get<std::string>();
    const auto expected = row.at("ids").at(GetParam()).get<std::vector<int32_t>>();
    EXPECT_EQ(source_of(*tokenizer, text), expected) << row.at("text").dump();
    EXPECT_EQ(source_of(*again, text), expected);
  }
  EXPECT_EQ(tokenizer->decode(source_of(*tokenizer, "Document viewer")), "Document viewer");
  EXPECT_EQ(tokenizer->decode({}), "");
  EXPECT_TRUE(tokenizer->starts_word(tokenizer->find("\u2581")));
  for (const std::string token : {"<s>", "<pad>", "</s>", "<unk>", "en_XX", "<mask>", "s"})
    EXPECT_EQ(tokenizer->piece(tokenizer->find(token)), token);
  EXPECT_EQ(tokenizer->find("no such piece"), -1);
}

INSTANTIATE_TEST_SUITE_P(Forms, MbartIds,
                         ::testing::Values("spm-cc25", "spm-50", "5-cc25", "5-50", "4-cc25", "4-50", "old-cc25"),
                         [](const auto& form) {
                           std::string name = form.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(MbartJson, WithoutAConfigurationTheVocabularyTellsTheRelease) {
  const test::TempDir folder;
  std::ofstream(folder.path("tokenizer.json")) << tokenizer_json("5-50");
  const auto tokenizer = open_tokenizer(folder.path(), -1, {"en_XX", "sl_SI"});
  EXPECT_EQ(tokenizer->vocab_size(), 901 + 52 + 1);
  EXPECT_EQ(tokenizer->framing().forced_bos, 901 + 51);
  test::expect_error(ErrorKind::usage, {"--source-lang"}, [&] { open_tokenizer(folder.path()); });
}

TEST(MbartJson, RefusesOtherFilesByName) {
  const auto refused = [](const std::function<void(json&)>& spoil, std::initializer_list<const char*> words) {
    const test::TempDir folder;
    json content = tokenizer_json("4-cc25");
    spoil(content);
    std::ofstream(folder.path("tokenizer.json")) << content;
    test::expect_error(ErrorKind::model, words, [&] { open_tokenizer(folder.path(), -1, kLanguages); });
  };
  const auto steps = [](json& j) -> json& { return j["normalizer"]["normalizers"]; };
  refused([&](json& j) { steps(j).push_back({{"type", "NFKC"}}); }, {"tokenizer.json", "normalizer", "NFKC"});
  refused([&](json& j) { steps(j)[1]["strip_left"] = true; }, {"normalizer", "strip_left"});
  refused([&](json& j) { steps(j)[2]["pattern"] = {{"Regex", "a+"}}; }, {"normalizer", "a+"});
  refused([&](json& j) { steps(j)[0]["precompiled_charsmap"] = "?"; }, {"precompiled_charsmap", "\"?\""});
  refused([&](json& j) { steps(j)[0]["precompiled_charsmap"] = "AAAA"; }, {"charsmap", "no trie"});
  // One unit that leads nowhere, then a byte that no text has.
  refused([&](json& j) { steps(j)[0]["precompiled_charsmap"] = "BAAAAAAAAAD/AA=="; }, {"charsmap", "not UTF-8"});
  refused([](json& j) { j["pre_tokenizer"] = {{"type", "ByteLevel"}}; }, {"pre_tokenizer", "ByteLevel"});
  refused([](json& j) { j["pre_tokenizer"]["prepend_scheme"] = "never"; }, {"pre_tokenizer", "never"});
  refused([](json& j) { j["pre_tokenizer"]["split"] = false; }, {"pre_tokenizer", "split"});
  refused([](json& j) { j["model"]["byte_fallback"] = true; }, {"byte_fallback"});
  refused([](json& j) { j["model"]["unk_id"] = 4; }, {"unk_id", "\\u2581"});
  refused([](json& j) { j["model"]["unk_id"] = nullptr; }, {"unk_id", "null"});
  refused([](json& j) { j["model"]["vocab"][9] = {"x", "y"}; }, {"model.vocab", "[\"x\",\"y\"]"});
  refused([](json& j) { j["model"]["vocab"][9] = j["model"]["vocab"][8]; }, {"model.vocab", "twice"});
  refused([](json& j) { j["model"]["vocab"].erase(901); }, {"added token", "ar_AR"});
  refused([](json& j) { j["added_tokens"].push_back({{"id", 927}, {"content", "<new>"}}); }, {"928 tokens", "<mask>"});
  refused([](json& j) { j["added_tokens"][5]["single_word"] = true; }, {"added token", "single_word"});
  refused([](json& j) { j["added_tokens"][5] = 7; }, {"added token 7"});
  const test::TempDir folder;
  write_folder(folder, "5-cc25");
  std::ofstream(folder.path("tokenizer_config.json")) << R"({"tokenizer_class": "XLMRobertaTokenizer"})";
  test::expect_error(ErrorKind::model, {"927 tokens", "XLMRobertaTokenizer"}, [&] { open_tokenizer(folder.path()); });
}

/// A map whose trie or texts lead elsewhere changes nothing (found by fuzzing).
TEST(MbartJson, ABrokenCharsmapStaysInsideOfIt) {
  const json content = tokenizer_json("4-50");
  std::string map = content["normalizer"]["normalizers"][0]["precompiled_charsmap"];
  for (size_t i = 0; i < map.size(); i += 5) {
    const test::TempDir folder;
    json broken = content;
    std::string changed = map;
    changed[i] = changed[i] == 'A' ? '/' : 'A';
    broken["normalizer"]["normalizers"][0]["precompiled_charsmap"] = changed;
    std::ofstream(folder.path("tokenizer.json")) << broken;
    try {
      const auto tokenizer = open_tokenizer(folder.path(), -1, kLanguages);
      tokenizer->encode("\uff21\uff42 \u2460 e\u0301 \u00bd\t\ufb01\u1100\u1161 \u2026 \uff5e\u3000");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model) << error.what();
    }
  }
}

TEST(MbartJson, ALongTextTakesNoQuadraticTime) {
  const test::TempDir folder;
  write_folder(folder, "5-50");
  const auto tokenizer = open_tokenizer(folder.path());
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "<mask> e";
  EXPECT_EQ(tokenizer->encode(text).size(), 150'000u);
  const std::string word(200'000, 'e');
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(word)), word);
}

}  // namespace
}  // namespace lowbit
