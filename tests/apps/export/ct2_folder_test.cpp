#include "apps/lib/model/ct2_folder.h"

#include <nlohmann/json.hpp>

#include "apps/lib/model/model_folder.h"
#include "nn/checkpoint/ct2/ct2_file.h"
#include "nn/checkpoint/hf_export.h"
#include "tests/apps/hf/hf_verbs.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Ct2Folder : public test::TinyRun {
 protected:
  test::Outcome exported(const std::string& model, const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"export", model, "--format", "ct2", "--out", path(name)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST_F(Ct2Folder, HasTheVocabularyAndTheTokensOfAPlainTransformer) {
  const std::string run_folder = trained("student", {"--recipe", "tbt-2-2-8"});
  const test::Outcome outcome = exported(run_folder, "ct2");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("verified by reading it back"), std::string::npos);
  EXPECT_NE(outcome.err.find("are left out: CTranslate2 quantizes"), std::string::npos) << outcome.err;
  const Json config = Json::parse(read("ct2/config.json")),
             vocabulary = Json::parse(read("ct2/shared_vocabulary.json"));
  EXPECT_EQ(config["decoder_start_token"], "</s>");
  EXPECT_EQ(config["add_source_eos"], true);
  EXPECT_EQ(config["layer_norm_epsilon"], 1e-5);
  ASSERT_EQ(vocabulary.size(), 48u);
  EXPECT_EQ(vocabulary[1], "<pad>");
  EXPECT_EQ(load_tokenizer(load_model(run_folder))->piece(20), vocabulary[20]);
  const Ct2File file(path("ct2/model.bin"));
  EXPECT_EQ(file.variables.at("decoder/embeddings/weight").type, Ct2Type::i8);
  expect_same_file("ct2/sentencepiece.bpe.model", "student/sentencepiece.bpe.model");
  test::expect_failure(exported(run_folder, "ct2"), 2, {path("ct2"), "holds something already"});
}

TEST_F(Ct2Folder, OfBartLeavesSpecialTokensToTheCaller) {
  TransformerConfig config = test::small_bart();
  config.max_positions = 20;
  fs::create_directory(path("bart"));
  Seq2Seq model(config, 3);
  write_hf_model(model, {}, path("bart"));
  test::expect_failure(exported(path("bart"), "ct2"), 4, {"vocab.json", "bart"});
  EXPECT_FALSE(fs::exists(path("ct2")));
  for (const char* file : {"vocab.json", "merges.txt"})
    fs::copy_file(std::string(LB_TEST_DIR "/golden/bpe/") + file, path("bart/") + file);
  const test::Outcome outcome = exported(path("bart"), "ct2");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json written = Json::parse(read("ct2/config.json"));
  EXPECT_EQ(written["add_source_bos"], false);
  EXPECT_EQ(written["add_source_eos"], false);
  EXPECT_EQ(written["decoder_start_token"], "</s>");
}

/// 29 pieces around which sequences stand as told.
class FramedTokenizer final : public Tokenizer {
 public:
  explicit FramedTokenizer(Framing framing) : framing_(std::move(framing)) {}
  std::vector<int32_t> encode(std::string_view) const override { return {}; }
  std::string decode(std::span<const int32_t>) const override { return ""; }
  int64_t vocab_size() const override { return 29; }
  std::string piece(int32_t id) const override { return fmt::format("piece{}", id); }
  const SpecialIds& special_ids() const override { return ids_; }
  Framing framing() const override { return framing_; }
  Framing framing_for(const Languages&) const override { return framing_; }
  int32_t find(std::string_view) const override { return -1; }
  bool starts_word(int32_t) const override { return true; }
  uint64_t fingerprint() const override { return 0; }
  void save(const fs::path&) const override {}

 private:
  Framing framing_;
  SpecialIds ids_;
};

TEST_F(Ct2Folder, OfMbartStartsWithTheCallersLanguageOrWithItsEnd) {
  const auto config_with = [&](const Framing& framing, const std::string& name) {
    LoadedModel loaded = load_model(LB_TEST_DIR "/golden/hf_mbart");
    fs::create_directory(path(name));
    fill_ct2_folder(loaded, FramedTokenizer(framing), path(name));
    return Json::parse(read(name + "/config.json"));
  };
  const Json cc25 = config_with({.source_close = {2}, .source_end = 25, .target_end = 26, .decoder_start = 26}, "cc25"),
             mbart50 = config_with({.source_begin = {25}, .target_begin = {26}, .forced_bos = 26}, "mbart50");
  EXPECT_TRUE(cc25["decoder_start_token"].is_null());
  EXPECT_EQ(mbart50["decoder_start_token"], "piece2");
  for (const Json& config : {cc25, mbart50}) {
    EXPECT_EQ(config["add_source_eos"], false);
    EXPECT_EQ(config["unk_token"], "piece3");
  }
}

}  // namespace
}  // namespace lowbit
