#include "data/metrics/ter.h"

#include <gtest/gtest.h>

#include "tests/data/metrics/golden_metrics.h"

namespace lowbit {
namespace {

TEST(Ter, EqualsSacrebleu) {
  const auto cases = read_golden("metrics_chrf_ter.json").at("ter");
  ASSERT_GT(cases.size(), 100u);
  for (const auto& expected : cases) {
    SCOPED_TRACE(expected.dump());
    const GoldenCorpus corpus = golden_corpus(expected);
    const TerScore ter =
        corpus_ter(corpus.hypotheses, corpus.references, {.case_sensitive = expected.at("case_sensitive").get<bool>()});
    EXPECT_NEAR(ter.score, expected.at("score").get<double>(), kGoldenTolerance);
    EXPECT_NEAR(ter.edits, expected.at("edits").get<double>(), kGoldenTolerance);
    EXPECT_NEAR(ter.reference_length, expected.at("reference_length").get<double>(), kGoldenTolerance);
    EXPECT_EQ(without_version(ter.signature), expected.at("signature").get<std::string>());
  }
}

TEST(Ter, OneShiftIsOneEdit) {
  EXPECT_DOUBLE_EQ(corpus_ter({"d e a b c"}, {{"a b c d e"}}).edits, 1);
  EXPECT_DOUBLE_EQ(corpus_ter({"d e a b c"}, {{"a b c d e"}}).score, 20);
}

// The paper's example (section 3): two shifts, two substitutions for 4 edits over 13 words; tercom counts the same.
TEST(Ter, ExampleOfThePaper) {
  const TerScore ter =
      corpus_ter({"THIS WEEK THE SAUDIS denied information published in the new york times"},
                 {{"SAUDI ARABIA denied THIS WEEK information published in the AMERICAN new york times"}});
  EXPECT_DOUBLE_EQ(ter.edits, 4);
  EXPECT_DOUBLE_EQ(ter.reference_length, 13);
}

}  // namespace
}  // namespace lowbit
