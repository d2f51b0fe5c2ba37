#include "data/prepare/synopses.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "data/corpus/documents.h"
#include "data/corpus/parallel_text.h"
#include "data/prepare/clean.h"
#include "data/prepare/prepare.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

/// Indexes of a few packages and of 300 that differ in their words.
class Synopses : public ::testing::Test {
 protected:
  Synopses() { fs::create_directories(folder_.path("lists")); }

  void add(const std::string& package, const std::string& source, const std::string& synopsis,
           const std::string& text) {
    packages_ += "Package: " + package + "\nSource: " + source + " (1.0)\n\n";
    english_ +=
        "Package: " + package + "\nDescription-md5: " + package + "\nDescription-en: " + synopsis + "\n" + text + "\n";
  }
  /// Another one for every number, of letters alone: digits and identifiers are all the same to templates.
  static std::string word(int number) {
    std::string letters = "w";
    for (int i = 0; i < 4; ++i, number /= 26) letters += static_cast<char>('a' + number % 26);
    return letters;
  }
  /// Thirty words of two sentences, all of their own.
  static std::string text(int number) {
    std::string words = " This";
    for (int i = 0; i < 28; ++i) {
      if (i == 14) words += ".\n Here";
      words += " " + word(number * 100 + i);
    }
    return words + ".\n";
  }
  std::string lists() {
    std::ofstream(folder_.path("lists/x_Packages")) << packages_;
    std::ofstream(folder_.path("lists/x_i18n_Translation-en")) << english_;
    return folder_.path("lists");
  }

  test::TempDir folder_;
  std::string packages_, english_;
};

TEST_F(Synopses, TheLongTextIsOneDocumentOfSentences) {
  add("a", "b", "short words above", " A first  sentence. And one\n that is flowed.\n .\n  * an item\n  * another\n");
  const std::vector<SynopsisRow> rows = read_synopses(lists(), "en");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].sentences, (Document{"A first sentence.", "And one that is flowed.", "an item", "another"}));
  EXPECT_EQ(rows[0].text, "A first sentence. And one that is flowed. an item another");
  EXPECT_EQ(rows[0].synopsis, "short words above");
  EXPECT_EQ(rows[0].source_package, "b");
}

TEST_F(Synopses, LeaveOutPackagesThatAreNoneAndTextsThatWereThere) {
  add("real", "s", "a real package", text(1));
  add("again", "t", "the same text", text(1));
  add("gone", "u", "transitional dummy package", text(2));
  add("real-dbg", "s", "debugging symbols for real", text(3));
  add("all", "v", "everything", " This is a metapackage.\n");
  EXPECT_EQ(read_synopses(lists(), "en").size(), 1u);
}

TEST_F(Synopses, RowsHaveLengthsAndFamiliesAndTemplatesInBounds) {
  add("short", "s0", "too short a text", " One two three.\n");
  add("oneword", "s1", "synopsis", text(1));
  for (int i = 0; i < 3; ++i)
    add("family" + std::to_string(i), "s2", "family of words " + std::string(1, 'k' + i), text(10 + i));
  for (int i = 0; i < 6; ++i)
    add("lib" + std::to_string(i), "t" + std::to_string(i), "bindings for lib-x" + std::to_string(i), text(20 + i));
  std::map<std::string, int64_t> rejected;
  const auto rows = select_synopses(read_synopses(lists(), "en"), rejected);
  EXPECT_EQ(rows.size(), 2u + 4u);
  EXPECT_EQ(rejected, (std::map<std::string, int64_t>{
                          {"text length", 1}, {"synopsis length", 1}, {"family", 1}, {"synopsis template", 2}}));
}

TEST_F(Synopses, PretrainingReadsNoTextOfTheTestSet) {
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    add("p" + n, "s" + n, "tool " + word(i) + " of its own kind", text(i));
  }
  const SplitCorpus corpus =
      prepare_synopses({.lists = lists(),
                        .out = folder_.path("out"),
                        .split = {.test_share = 0.2, .dev_share = 0.2, .test_rows = 30, .dev_rows = 30}});
  EXPECT_GT(corpus.train.size(), 100u);
  EXPECT_EQ(corpus.test.size(), 30u);
  std::set<std::string> pretrained;
  for (const Document& document : read_documents(folder_.path("out/train.txt"))) {
    ASSERT_EQ(document.size(), 2u);
    pretrained.insert(document[0] + " " + document[1]);
  }
  for (const AlignedRow& row : corpus.train) EXPECT_TRUE(pretrained.contains(row.source));
  for (const auto* part : {&corpus.dev, &corpus.test})
    for (const AlignedRow& row : *part) EXPECT_FALSE(pretrained.contains(row.source));
  EXPECT_EQ(read_parallel_tsv(folder_.path("out/test.tsv")).target[0], corpus.test[0].target);
  EXPECT_GT(read_documents(folder_.path("out/dev.txt")).size(), 30u);
}

TEST_F(Synopses, AMissingIndexIsNamed) {
  add("a", "b", "x", text(1));
  const std::string folder = lists();
  test::expect_error(ErrorKind::data, {"Translation-it", "fetch_ddtp"}, [&] { read_synopses(folder, "it"); });
}

}  // namespace
}  // namespace lowbit
