#include "data/metrics/score.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

const Lines kHypotheses = {"the cat sat on the mat today", "a dog runs"};
const ReferenceSets kReferences = {{"the cat sat on a mat today", "the dog runs"}};

TEST(Score, GivesWhatTheMetricsGive) {
  const auto only = [](std::string_view metric) {
    const std::vector<MetricScore> scores = score(metric, kHypotheses, kReferences);
    EXPECT_EQ(scores.size(), 1u) << metric;
    return scores.front();
  };
  const MetricScore bleu = only("bleu"), chrf = only("chrf"), chrf_words = only("chrf++"), ter = only("ter");
  EXPECT_EQ(bleu.metric, "BLEU");
  EXPECT_DOUBLE_EQ(bleu.score, corpus_bleu(kHypotheses, kReferences).score);
  EXPECT_EQ(chrf.metric, "chrF2");
  EXPECT_DOUBLE_EQ(chrf.score, corpus_chrf(kHypotheses, kReferences).score);
  EXPECT_EQ(chrf_words.metric, "chrF2++");
  EXPECT_DOUBLE_EQ(chrf_words.score, corpus_chrf(kHypotheses, kReferences, {.word_order = 2}).score);
  EXPECT_EQ(ter.metric, "TER");
  EXPECT_DOUBLE_EQ(ter.score, 20);  // 2 substitutions over 10 words
}

TEST(Score, RougeGivesOneScorePerVariantInPercent) {
  const std::vector<MetricScore> scores = score("rouge", kHypotheses, kReferences);
  const RougeResult rouge = corpus_rouge(kHypotheses, kReferences);
  ASSERT_EQ(scores.size(), 4u);
  const char* names[] = {"rouge1", "rouge2", "rougeL", "rougeLsum"};
  for (size_t v = 0; v < scores.size(); ++v) {
    EXPECT_EQ(scores[v].metric, names[v]);
    EXPECT_DOUBLE_EQ(scores[v].score, 100 * rouge.mean[v].f1);
    EXPECT_EQ(scores[v].signature, rouge.signature);
  }
}

TEST(Score, PassesTheOptionsOn) {
  ScoreOptions options;
  options.bleu.tokenizer = BleuTokenizer::character;
  EXPECT_NE(score("bleu", kHypotheses, kReferences, options).front().signature.find("tok:char"), std::string::npos);
}

TEST(Score, UnknownMetricIsAnsweredWithTheNearest) {
  test::expect_error(ErrorKind::usage, {"\"rogue\"", "nearest is rouge"},
                     [] { score("rogue", kHypotheses, kReferences); });
}

TEST(Score, EveryNameWorks) {
  ASSERT_EQ(metric_names().size(), 5u);
  for (const std::string_view metric : metric_names()) {
    for (const MetricScore& result : score(metric, kHypotheses, kReferences)) {
      EXPECT_GT(result.score, 0) << metric;
      EXPECT_TRUE(result.signature.starts_with("nrefs:1|")) << result.signature;
      EXPECT_TRUE(result.signature.ends_with("|version:lowbit-0.1.0")) << result.signature;
    }
  }
}

}  // namespace
}  // namespace lowbit
