#include "data/metrics/bleu.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/data/metrics/golden_metrics.h"

namespace lowbit {
namespace {

BleuOptions options_of(const nlohmann::json& test_case) {
  BleuOptions options;
  options.tokenizer = bleu_tokenizer_from_name(test_case.at("tokenizer").get<std::string>());
  options.smoothing = bleu_smoothing_from_name(test_case.at("smoothing").get<std::string>());
  if (!test_case.at("smoothing_value").is_null())
    options.smoothing_value = test_case.at("smoothing_value").get<double>();
  options.effective_order = test_case.at("effective_order").get<bool>();
  options.lowercase = test_case.at("lowercase").get<bool>();
  return options;
}

TEST(Bleu, EqualsSacrebleu) {
  const auto cases = read_golden("metrics_bleu.json").at("bleu");
  ASSERT_GT(cases.size(), 100u);
  for (const auto& expected : cases) {
    SCOPED_TRACE(expected.dump());
    const GoldenCorpus corpus = golden_corpus(expected);
    const BleuScore bleu = corpus_bleu(corpus.hypotheses, corpus.references, options_of(expected));
    EXPECT_NEAR(bleu.score, expected.at("score").get<double>(), kGoldenTolerance);
    for (size_t n = 0; n < bleu.precisions.size(); ++n) {
      EXPECT_NEAR(bleu.precisions[n], expected.at("precisions").at(n).get<double>(), kGoldenTolerance);
    }
    EXPECT_NEAR(bleu.brevity_penalty, expected.at("bp").get<double>(), kGoldenTolerance);
    EXPECT_EQ(bleu.hypothesis_length, expected.at("hypothesis_length").get<int64_t>());
    EXPECT_EQ(bleu.reference_length, expected.at("reference_length").get<int64_t>());
    EXPECT_EQ(without_version(bleu.signature), expected.at("signature").get<std::string>());
  }
}

TEST(Bleu, SignatureNamesThisLibrary) {
  EXPECT_EQ(corpus_bleu({"a"}, {{"a"}}).signature, "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:lowbit-0.1.0");
}

TEST(Bleu, LimitsThatNeedNoReferenceProgram) {
  const Lines lines = {"It is a test of five words.", "Another line that stays the same."};
  EXPECT_DOUBLE_EQ(corpus_bleu(lines, {lines}).score, 100);
  EXPECT_DOUBLE_EQ(corpus_bleu({"", ""}, {lines}).score, 0);
  EXPECT_DOUBLE_EQ(corpus_bleu({"nothing shared"}, {{"no word here"}}).score, 0);
}

TEST(Bleu, RejectsLinesThatDoNotCorrespond) {
  const auto message = [](const Lines& hypotheses, const ReferenceSets& references) {
    try {
      corpus_bleu(hypotheses, references);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message({"a", "b"}, {{"a", "b"}, {"a"}}),
            "[bleu] 2 hypothesis lines but 1 lines in reference 2: they must match line by line");
  EXPECT_EQ(message({"a", "b\xff"}, {{"a", "b"}}), "[bleu] hypotheses line 2, byte 1: not valid UTF-8");
  EXPECT_EQ(message({}, {{}}), "[bleu] there is no hypothesis line to score");
  EXPECT_EQ(message({"a"}, {}), "[bleu] there is no reference to score against");
}

TEST(Bleu, UnknownNamesAreAnsweredWithTheNearest) {
  const auto message = [](auto&& call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message([] { bleu_tokenizer_from_name("international"); }),
            "[bleu] unknown tokenizer \"international\", the nearest is intl");
  EXPECT_EQ(message([] { bleu_smoothing_from_name("addk"); }),
            "[bleu] unknown smoothing \"addk\", the nearest is add-k");
}

}  // namespace
}  // namespace lowbit
