#include "data/baselines.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using Words = std::set<std::string>;

Words words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// Likeness of two lines by the definition in the header, without an index.
double likeness(const Words& a, const Words& b, const std::map<std::string, double>& rows_with, double rows) {
  const auto weight = [&](const std::string& word) {
    const auto found = rows_with.find(word);
    return std::log((rows + 1) / (found == rows_with.end() ? 1 : found->second));
  };
  double shared = 0, total = 0;
  for (const std::string& word : a) total += weight(word);
  for (const std::string& word : b) {
    total += weight(word);
    if (a.contains(word)) shared += weight(word);
  }
  return 2 * shared / total;
}

TEST(TranslationMemory, FindsTheLikestRowOfABruteForceSearch) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  // Squaring makes low words frequent, as in text.
  const auto line = [&](int vocabulary) {
    std::string text;
    std::uniform_real_distribution<double> uniform;
    for (int i = 0; i < 8; ++i)
      text += "w" + std::to_string(static_cast<int>(vocabulary * std::pow(uniform(random), 2))) + " ";
    return text;
  };
  std::vector<std::string> sources(300);
  for (std::string& source : sources) source = line(60);
  std::map<std::string, double> rows_with;
  for (const std::string& source : sources) {
    for (const std::string& word : words_of(source)) ++rows_with[word];
  }
  const TranslationMemory memory(sources, sources);
  for (int i = 0; i < 100; ++i) {
    const std::string query = line(80);
    double most = 0;
    for (const std::string& source : sources) {
      most = std::max(most, likeness(words_of(query), words_of(source), rows_with, 300));
    }
    const std::string& found = sources[static_cast<size_t>(memory.nearest(query))];
    EXPECT_NEAR(likeness(words_of(query), words_of(found), rows_with, 300), most, 1e-12) << query;
  }
}

TEST(TranslationMemory, AnswersWithTheTargetOfTheRow) {
  const TranslationMemory memory({"a red apple", "the green tree", "the red tree"},
                                 {"una mela rossa", "verde", "rosso"});
  EXPECT_EQ(memory.translate("A red APPLE!"), "una mela rossa");
  EXPECT_EQ(memory.translate("green"), "verde");
  EXPECT_EQ(memory.translate("no word known"), "una mela rossa");
  EXPECT_EQ(memory.translate(""), "una mela rossa");
}

TEST(TranslationMemory, RareWordsWeighMore) {
  const TranslationMemory memory({"the of", "the of", "the of", "zebra y"}, {"0", "1", "2", "3"});
  EXPECT_EQ(memory.nearest("the of zebra q"), 3);  // two common words against a rare one
  EXPECT_EQ(memory.nearest("the of q"), 0);        // the first of equals
}

TEST(TranslationMemory, RejectsSidesOfDifferentLength) {
  test::expect_error(ErrorKind::data, {"2 sources", "1 targets"}, [] { TranslationMemory({"a", "b"}, {"a"}); });
  test::expect_error(ErrorKind::data, {"0 sources"}, [] { TranslationMemory({}, {}); });
}

TEST(LeadWords, AreTheFirstOnes) {
  EXPECT_EQ(lead_words(" one  two\tthree four", 3), "one two three");
  EXPECT_EQ(lead_words("one two", 14), "one two");
  EXPECT_EQ(lead_words("one two", 0), "");
  EXPECT_EQ(lead_words("", 3), "");
}

}  // namespace
}  // namespace lowbit
