#include "data/metrics/rouge.h"

#include <gtest/gtest.h>

#include "data/metrics/porter_stemmer.h"
#include "tests/data/metrics/golden_metrics.h"

namespace lowbit {
namespace {

TEST(Rouge, EqualsRougeScore) {
  const auto cases = read_golden("metrics_rouge.json").at("rouge");
  ASSERT_GT(cases.size(), 80u);
  for (const auto& expected : cases) {
    SCOPED_TRACE(expected.dump());
    const auto hypothesis = expected.at("hypothesis").get<std::string>();
    const auto references = expected.at("references").get<std::vector<std::string>>();
    const RougeScores scores =
        text_rouge(hypothesis, {references.begin(), references.end()}, {.stemmer = expected.at("stemmer").get<bool>()});
    for (size_t v = 0; v < scores.size(); ++v) {
      const auto& values = expected.at("scores").at(v);
      EXPECT_NEAR(scores[v].precision, values.at(0).get<double>(), kGoldenTolerance) << name_of(kRougeVariants[v]);
      EXPECT_NEAR(scores[v].recall, values.at(1).get<double>(), kGoldenTolerance) << name_of(kRougeVariants[v]);
      EXPECT_NEAR(scores[v].f1, values.at(2).get<double>(), kGoldenTolerance) << name_of(kRougeVariants[v]);
    }
  }
}

TEST(Rouge, CorpusIsTheMeanOfItsTexts) {
  const Lines hypotheses = {"a b c", "the cat ran", "nothing"};
  const ReferenceSets references = {{"a b d", "the cat sat", "shared"}, {"c b a", "a cat ran", ""}};
  const RougeResult result = corpus_rouge(hypotheses, references);
  for (size_t v = 0; v < kRougeVariants.size(); ++v) {
    double f1 = 0;
    for (size_t i = 0; i < hypotheses.size(); ++i) {
      f1 += text_rouge(hypotheses[i], {references[0][i], references[1][i]})[v].f1 / 3;
    }
    EXPECT_GT(f1, 0);
    EXPECT_DOUBLE_EQ(result.mean[v].f1, f1);
  }
  EXPECT_DOUBLE_EQ(result.mean_length, 7.0 / 3);
}

TEST(Rouge, SentencesEndAtMarksWhenAsked) {
  const std::string reference = "The cat sat. The dog ran!", swapped = "The dog ran! The cat sat.";
  const auto lsum = static_cast<size_t>(RougeVariant::rouge_lsum);
  EXPECT_LT(text_rouge(swapped, {reference}, {.split_sentences = false})[lsum].f1, 1);
  EXPECT_DOUBLE_EQ(text_rouge(swapped, {reference}, {.split_sentences = true})[lsum].f1, 1);
}

TEST(PorterStemmer, EqualsNltk) {
  const auto stems = read_golden("metrics_rouge.json").at("stems");
  ASSERT_GT(stems.size(), 400u);
  for (const auto& [word, stem] : stems.items()) EXPECT_EQ(porter_stem(word), stem.get<std::string>()) << word;
}

}  // namespace
}  // namespace lowbit
