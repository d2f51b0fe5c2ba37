#include <nlohmann/json.hpp>

#include "apps/lib/model/model_folder.h"
#include "nn/checkpoint/ct2/ct2_file.h"
#include "nn/checkpoint/hf_export.h"
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
  TransformerConfig config = transformer_preset("bart-base");
  config.vocab = 605;  // of tests/golden/bpe
  config.dim = 16;
  config.encoder_layers = config.decoder_layers = 1;
  config.heads = 2;
  config.ffn_dim = 32;
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

}  // namespace
}  // namespace lowbit
