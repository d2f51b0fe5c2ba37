// Against the Python reference, tests/golden/make_prepare.py: text functions case by case, and a whole index to the
// byte.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "data/prepare/clean.h"
#include "data/prepare/prepare.h"
#include "data/prepare/python_shuffle.h"
#include "data/prepare/sentences.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

const std::string kPrepared = LB_TEST_DIR "/golden/prepare";

nlohmann::json golden_text() {
  std::ifstream file(kPrepared + "/text.json");
  return nlohmann::json::parse(file);
}

TEST(PrepareGolden, TextFunctions) {
  const auto golden = golden_text();  // a temporary in the loop would be gone before its first round
  for (const auto& expected : golden["text"]) {
    const std::string text = expected["text"], cleaned = clean(text);
    EXPECT_EQ(cleaned, expected["clean"]) << text;
    EXPECT_EQ(dedupe_key(cleaned), expected["dedupe"]) << text;
    EXPECT_EQ(template_key(cleaned), expected["template"]) << text;
    EXPECT_EQ(count_text_tokens(cleaned), expected["tokens"]) << text;
    for (const auto& [language, sentences] : expected["sentences"].items())
      EXPECT_EQ(nlohmann::json(split_sentences(cleaned, language)), sentences) << language << ": " << text;
  }
}

TEST(PrepareGolden, ShuffleOfCPython) {
  const auto golden = golden_text();
  PythonShuffle shuffle(1);
  for (const auto& expected : golden["shuffles"]) {
    std::vector<int> rows(expected.size());
    std::iota(rows.begin(), rows.end(), 0);
    shuffle(rows);
    EXPECT_EQ(nlohmann::json(rows), expected);
  }
}

TEST(PrepareGolden, DocumentPositions) {
  const auto golden = golden_text();
  for (const auto& [key, position] : golden["positions"].items()) EXPECT_EQ(document_position(key), position) << key;
}

TEST(PrepareGolden, IndexGivesTheReferenceRows) {
  const test::TempDir out;
  PrepareDdtpOptions options;
  options.lists = kPrepared + "/lists";
  options.languages = {"it"};
  options.out = out.path();
  options.split.test_rows = options.split.dev_rows = 30;
  options.split.test_share = options.split.dev_share = 0.15;
  const SplitCorpus corpus = prepare_ddtp(options);
  for (const std::string name : {"train.tsv", "dev.tsv", "test.tsv"}) {
    const std::string expected = test::contents(kPrepared + "/expected/" + name);
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(test::contents(out.path(name)), expected) << name;
  }
  for (const char* reason : {"copied", "duplicate", "garbled", "letters", "ratio", "template", "words"})
    EXPECT_TRUE(corpus.rejected.contains(reason)) << "the golden index no longer exercises this filter: " << reason;
}

}  // namespace
}  // namespace lowbit
