#include "data/metrics/score.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/verbs/verbs.h"
#include "tests/apps/run_captured.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

class ScoreVerb : public ::testing::Test {
 protected:
  ScoreVerb() {
    write("hyp", "The cat sat on the mat today .\nA dog runs!\n");
    write("ref", "The cat sat on a mat today.\nThe dog runs!\n");
    write("ref2", "The cat sat on the mat today.\nOne dog ran!\n");
  }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder_.path(name)) << text; }

  test::Outcome score_files(const std::string& metric, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"score", metric, "--hyp", folder_.path("hyp"), "--ref", folder_.path("ref")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_captured(all_verbs(), arguments);
  }

  nlohmann::json json_of(const std::string& metric, std::vector<std::string> more = {}) {
    more.push_back("--json");
    const test::Outcome outcome = score_files(metric, more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }

  const Lines hypotheses_ = {"The cat sat on the mat today .", "A dog runs!"};
  const Lines reference_ = {"The cat sat on a mat today.", "The dog runs!"};
  const Lines reference2_ = {"The cat sat on the mat today.", "One dog ran!"};
  test::TempDir folder_;
};

TEST_F(ScoreVerb, JsonHoldsMetricScoreAndSignature) {
  for (const char* metric : {"bleu", "chrf", "chrf++", "ter"}) {
    const nlohmann::json record = json_of(metric);
    const MetricScore expected = score(metric, hypotheses_, {reference_}).front();
    EXPECT_EQ(record.at("metric"), metric);
    EXPECT_DOUBLE_EQ(record.at("score").get<double>(), expected.score);
    EXPECT_EQ(record.at("signature"), expected.signature);
  }
}

TEST_F(ScoreVerb, RougeHasOneScorePerVariant) {
  const nlohmann::json record = json_of("rouge", {"--no-stemmer"});
  EXPECT_EQ(record.at("metric"), "rouge");
  ScoreOptions options;
  options.rouge.stemmer = false;
  for (const MetricScore& expected : score("rouge", hypotheses_, {reference_}, options)) {
    EXPECT_DOUBLE_EQ(record.at("score").at(expected.metric).get<double>(), expected.score);
    EXPECT_EQ(record.at("signature"), expected.signature);
  }
}

TEST_F(ScoreVerb, OptionsAndFurtherReferencesArrive) {
  ScoreOptions options;
  options.bleu = {BleuTokenizer::intl, BleuSmoothing::floor, 0.2, true, true};
  const nlohmann::json record =
      json_of("bleu", {"--ref", folder_.path("ref2"), "--tokenize", "intl", "--smooth", "floor", "--smooth-value",
                       "0.2", "--effective-order", "--bleu.lowercase"});
  const MetricScore expected = score("bleu", hypotheses_, {reference_, reference2_}, options).front();
  EXPECT_DOUBLE_EQ(record.at("score").get<double>(), expected.score);
  EXPECT_EQ(record.at("signature"), expected.signature);
}

TEST_F(ScoreVerb, PlainOutputEndsWithTheSignature) {
  const test::Outcome outcome = score_files("ter", {});
  EXPECT_EQ(outcome.out,
            "TER 40.00  edits 4  reference_words 10\n"
            "nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:lowbit-0.1.0\n");
}

TEST_F(ScoreVerb, ShowsTokens) {
  EXPECT_EQ(score_files("bleu", {"--show-tokens", "--bleu.lowercase"}).out,
            "H-1\tthe cat sat on the mat today .\nR-1\tthe cat sat on a mat today .\n"
            "H-2\ta dog runs !\nR-2\tthe dog runs !\n");
}

TEST_F(ScoreVerb, RefusesWhatItCannotScore) {
  EXPECT_EQ(score_files("bleu", {"--ref", folder_.path("none")}).code, 3);
  write("short", "one line\n");
  const test::Outcome misaligned = score_files("bleu", {"--ref", folder_.path("short")});
  EXPECT_EQ(misaligned.code, 3);
  EXPECT_NE(misaligned.err.find("hyp, line 2, byte 31: has no partner"), std::string::npos) << misaligned.err;
  const test::Outcome unknown = score_files("blue", {});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("bleu|chrf|chrf++|ter|rouge"), std::string::npos) << unknown.err;
  const test::Outcome foreign = score_files("ter", {"--tokenize", "intl"});
  EXPECT_EQ(foreign.code, 2);
  EXPECT_NE(foreign.err.find("has no effect on ter"), std::string::npos) << foreign.err;
  const test::Outcome both = score_files("bleu", {"--json", "--show-tokens"});
  EXPECT_EQ(both.code, 2);
  EXPECT_NE(both.err.find("leave one of them out"), std::string::npos) << both.err;
}

}  // namespace
}  // namespace lowbit
