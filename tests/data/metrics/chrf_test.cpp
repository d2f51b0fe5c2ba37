#include "data/metrics/chrf.h"

#include <gtest/gtest.h>

#include "tests/data/metrics/golden_metrics.h"

namespace lowbit {
namespace {

TEST(Chrf, EqualsSacrebleu) {
  const auto cases = read_golden("metrics_chrf_ter.json").at("chrf");
  ASSERT_GT(cases.size(), 50u);
  for (const auto& expected : cases) {
    SCOPED_TRACE(expected.dump());
    const GoldenCorpus corpus = golden_corpus(expected);
    const ChrfScore chrf = corpus_chrf(corpus.hypotheses, corpus.references,
                                       {.char_order = expected.at("char_order").get<int>(),
                                        .word_order = expected.at("word_order").get<int>(),
                                        .beta = expected.at("beta").get<int>(),
                                        .lowercase = expected.at("lowercase").get<bool>()});
    EXPECT_NEAR(chrf.score, expected.at("score").get<double>(), kGoldenTolerance);
    EXPECT_EQ(chrf.name, expected.at("name").get<std::string>());
    EXPECT_EQ(without_version(chrf.signature), expected.at("signature").get<std::string>());
  }
}

TEST(Chrf, WorkedExample) {
  // "abc" against "abd": 2 of 3 characters and 1 of 2 pairs match, 0 of 1 triples; precision = recall = 7/18.
  EXPECT_DOUBLE_EQ(corpus_chrf({"a b c"}, {{"abd"}}).score, 100 * (2.0 / 3 + 1.0 / 2) / 3);
}

}  // namespace
}  // namespace lowbit
