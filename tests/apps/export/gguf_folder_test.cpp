#include "apps/lib/model/gguf_folder.h"

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

class GgufFolder : public test::TinyRun {};

TEST_F(GgufFolder, HasTheVocabularyAndSaysWhatFellBack) {
  const std::string run_folder = trained("student", {"--recipe", "tbt-2-2-8"});
  const test::Outcome outcome = run({"export", run_folder, "--format", "gguf", "--out", path("gguf")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("verified by reading it back"), std::string::npos);
  EXPECT_NE(outcome.err.find("are Q4_0, not TQ2_0, as rows of 32 are no whole blocks of 256"), std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("row scales are rounded to f16"), std::string::npos) << outcome.err;
  const GgufFile file(path("gguf/model.gguf"));
  const auto pieces = std::get<std::vector<std::string>>(file.metadata.at("tokenizer.ggml.tokens"));
  const auto types = std::get<std::vector<int32_t>>(file.metadata.at("tokenizer.ggml.token_type"));
  ASSERT_EQ(pieces.size(), 48u);
  EXPECT_EQ(pieces[20], load_tokenizer(load_model(run_folder))->piece(20));
  EXPECT_EQ((std::vector<int32_t>(types.begin(), types.begin() + 5)), (std::vector<int32_t>{3, 3, 3, 2, 1}));
  EXPECT_EQ(file.metadata.at("tokenizer.ggml.eos_token_id"), GgufValue(uint32_t{2}));
  expect_same_file("gguf/sentencepiece.bpe.model", "student/sentencepiece.bpe.model");
}

TEST_F(GgufFolder, ATypeForAnotherFormatIsRefused) {
  test::expect_failure(run({"export", path("x"), "--outtype", "tq1_0", "--out", path("out")}), 2,
                       {"export.outtype", "--format gguf"});
}

}  // namespace
}  // namespace lowbit
