#include "data/metrics/bleu.h"

#include <gtest/gtest.h>

#include "tests/data/metrics/golden_metrics.h"
#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

BleuOptions options_of(const nlohmann::json& test_case) {
  BleuOptions options;
  options.tokenizer = value_by_name("test", "tokenizer", test_case.at("tokenizer").get<std::string>(), kBleuTokenizers);
  options.smoothing = value_by_name("test", "smoothing", test_case.at("smoothing").get<std::string>(), kBleuSmoothings);
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
  const auto refuse = [](std::initializer_list<const char*> words, const Lines& hypotheses,
                         const ReferenceSets& references) {
    test::expect_error(ErrorKind::data, words, [&] { corpus_bleu(hypotheses, references); });
  };
  refuse({"[bleu]", "2 hypothesis lines", "1 lines in reference 2"}, {"a", "b"}, {{"a", "b"}, {"a"}});
  refuse({"hypotheses line 2, byte 1"}, {"a", "b\xff"}, {{"a", "b"}});
  refuse({"reference 1 line 1, byte 0"}, {"a"}, {{"\xc3"}});
  refuse({"no hypothesis line"}, {}, {{}});
  refuse({"no reference"}, {"a"}, {});
}

}  // namespace
}  // namespace lowbit
