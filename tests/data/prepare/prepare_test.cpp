#include "data/prepare/prepare.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "data/corpus/parallel_text.h"
#include "data/prepare/clean.h"
#include "data/prepare/sha256.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

const std::string kCorpora = LB_TEST_DIR "/../data/corpora";

class PrepareTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view bytes) {
    std::filesystem::create_directories(std::filesystem::path(folder_.path(name)).parent_path());
    std::ofstream(folder_.path(name), std::ios::binary) << bytes;
    return folder_.path(name);
  }
  /// A lists folder with one package, whose translation index is `translation`.
  PrepareDdtpOptions index(std::string_view translation) {
    write("lists/x_binary_Packages", "Package: a\nSource: b (1)\n\n");
    write("lists/x_i18n_Translation-en", "Package: a\nDescription-md5: 1\nDescription-en: some short words\n\n");
    write("lists/x_i18n_Translation-it", translation);
    return {.lists = folder_.path("lists"), .languages = {"it"}, .kinds = {}, .out = folder_.path("out"), .split = {}};
  }
  test::TempDir folder_;
};

std::set<std::string> documents(const std::vector<AlignedRow>& rows) {
  std::set<std::string> keys;
  for (const AlignedRow& row : rows) keys.insert(row.document);
  return keys;
}

TEST_F(PrepareTest, ShippedVersesSplitWithoutLeaks) {
  PrepareTsvOptions options{.file = kCorpora + "/pd/genesis.en-es.tsv", .out = folder_.path("out")};
  options.split.test_share = options.split.dev_share = 0.1;
  const SplitCorpus corpus = prepare_tsv(options);
  ASSERT_GT(corpus.train.size(), 1000u);
  ASSERT_GT(corpus.test.size(), 80u);
  ASSERT_GT(corpus.dev.size(), 80u);
  std::set<std::string> sources, targets;
  for (const auto& row : corpus.train) sources.insert(dedupe_key(row.source)), targets.insert(dedupe_key(row.target));
  for (const auto* part : {&corpus.dev, &corpus.test})
    for (const auto& row : *part) {
      EXPECT_FALSE(sources.contains(dedupe_key(row.source))) << row.source;
      EXPECT_FALSE(targets.contains(dedupe_key(row.target))) << row.target;
    }
}

TEST_F(PrepareTest, ADocumentStaysInOneSplit) {
  PrepareTsvOptions options{.file = kCorpora + "/cc0/en-it.tsv", .document_column = 1, .out = folder_.path("out")};
  options.split.test_share = options.split.dev_share = 0.2;
  const SplitCorpus corpus = prepare_tsv(options);
  const auto train = documents(corpus.train), dev = documents(corpus.dev), test = documents(corpus.test);
  ASSERT_GT(dev.size(), 3u);
  ASSERT_GT(test.size(), 3u);
  for (const auto& key : dev) EXPECT_FALSE(train.contains(key) || test.contains(key)) << key;
  for (const auto& key : test) EXPECT_FALSE(train.contains(key)) << key;
}

TEST_F(PrepareTest, LinesEqualTsvOfTheSameRows) {
  const auto tsv =
      write("rows.tsv", "one little dog\tun piccolo cane\n\tvuoto\ntwo very big\u00a0 cats\tdue gatti molto grandi\n");
  const auto source = write("rows.en", "one little dog\n\ntwo very big\u00a0 cats\n");
  const auto target = write("rows.it", "un piccolo cane\nvuoto\ndue gatti molto grandi\n");
  prepare_tsv({.file = tsv, .out = folder_.path("a")});
  prepare_lines({.source = source, .target = target, .out = folder_.path("b")});
  const std::string rows = test::contents(folder_.path("a/train.tsv"));
  EXPECT_NE(rows.find("rows\trows:two very big cats\ttwo very big cats\tdue gatti molto grandi\n"), std::string::npos)
      << rows;
  EXPECT_EQ(rows.find("vuoto"), std::string::npos);
  EXPECT_EQ(test::contents(folder_.path("b/train.tsv")), rows);
}

TEST_F(PrepareTest, StatisticsCountEveryRowAndHashTheFiles) {
  const auto file = write("t.tsv",
                          "one little dog\tun piccolo cane\none little dog\tun piccolo cane\nshort\tcorto\n"
                          "one two three four\tuno due tre quattro cinque sei sette otto nove dieci undici\n");
  const SplitCorpus corpus = prepare_tsv({.file = file, .out = folder_.path("out")});
  EXPECT_EQ(corpus.train.size(), 1u);
  const auto stats = nlohmann::json::parse(test::contents(folder_.path("out/stats.json")));
  EXPECT_EQ(stats["origins"]["t"], nlohmann::json({{"raw", 4}, {"kept", 2}, {"deduplicated", 1}}));
  EXPECT_EQ(stats["rejected"], nlohmann::json({{"duplicate", 1}, {"held out", 0}, {"ratio", 1}, {"words", 1}}));
  EXPECT_EQ(stats["train"]["source_tokens"], 3);
  EXPECT_EQ(stats["train"]["sha256"], to_hex(Sha256().update(test::contents(folder_.path("out/train.tsv"))).digest()));
}

TEST_F(PrepareTest, NothingLeftToTrainOnIsAnError) {
  const auto file = write("t.tsv", "a\tb\n");
  test::expect_error(ErrorKind::data, {"no row of t.tsv", "1 by \"words\""},
                     [&] { prepare_tsv({.file = file, .out = folder_.path("out")}); });
  EXPECT_FALSE(std::filesystem::exists(folder_.path("out/train.tsv")));
}

TEST_F(PrepareTest, AFolderThatCannotBeMadeIsAnError) {
  const auto file = write("t.tsv", "one little dog\tun piccolo cane\n");
  test::expect_error(ErrorKind::data, {"t.tsv/out"}, [&] { prepare_tsv({.file = file, .out = file + "/out"}); });
}

TEST_F(PrepareTest, BadIndexesAreNamedWithLineAndByte) {
  const std::string good = "Package: a\nDescription-md5: 1\nDescription-it: alcune parole brevi\n";
  const auto expect_bad = [&](std::string_view translation, std::initializer_list<const char*> words) {
    const auto options = index(translation);
    test::expect_error(ErrorKind::data, words, [&] { prepare_ddtp(options); });
  };
  EXPECT_EQ(prepare_ddtp(index(good)).train.size(), 1u);
  expect_bad("", {"x_i18n_Translation-it", "empty"});
  expect_bad(good + " and a line cut sh", {"x_i18n_Translation-it, line 4, byte 66", "ends inside a line"});
  expect_bad(good + " caf\xE9\n", {"line 4, byte 70", "UTF-8"});
  expect_bad(good + "no colon here\n", {"line 4, byte 66", "Field: value"});
  expect_bad(" text before any field\n" + good, {"line 1, byte 0", "continues no field"});
  expect_bad("Description-md5: 1\n\n" + good, {"line 1, byte 0", "without the field Package"});
}

TEST_F(PrepareTest, MissingIndexesNameTheScriptThatFetchesThem) {
  auto options = index("Package: a\n");
  options.languages = {"fr"};
  test::expect_error(ErrorKind::data, {"Translation-fr", "fetch_ddtp.sh"}, [&] { prepare_ddtp(options); });
  std::filesystem::remove(folder_.path("lists/x_binary_Packages"));
  test::expect_error(ErrorKind::data, {"_Packages", "fetch_ddtp.sh"}, [&] { prepare_ddtp(options); });
  options.lists = folder_.path("nowhere");
  test::expect_error(ErrorKind::data, {"nowhere"}, [&] { prepare_ddtp(options); });
}

TEST_F(PrepareTest, SeveralLanguagesHaveAColumnAndLeakIntoNoneOfThem) {
  std::string packages, english, italian, german;
  const auto word = [](int n) {
    return std::string(1, static_cast<char>('a' + n % 26)) + static_cast<char>('a' + n / 26 % 26);
  };
  for (int i = 0; i < 200; ++i) {
    const std::string name = "p" + std::to_string(i), key = "Package: " + name + "\nDescription-md5: " + name + "\n";
    packages += "Package: " + name + "\nSource: s" + std::to_string(i / 2) + "\n\n";
    const std::string words = word(i) + "ing some " + word(3 * i + 1) + "er " + word(7 * i + 2) + "ed words here";
    english += key + "Description-en: " + words + "\n\n";
    italian += key + "Description-it: alcune parole " + word(i) + "ando " + word(5 * i) + "are qui\n\n";
    if (i % 3 == 0) german += key + "Description-de: einige Worte " + word(i) + "end " + word(5 * i) + "en hier\n\n";
  }
  PrepareDdtpOptions options = index(italian);
  write("lists/x_binary_Packages", packages);
  write("lists/x_i18n_Translation-en", english);
  write("lists/x_i18n_Translation-de", german);
  options.languages = {"it", "de"};
  options.split.test_share = options.split.dev_share = 0.2;
  options.split.test_rows = 12;
  const SplitCorpus corpus = prepare_ddtp(options);
  std::map<std::string, int> of_test, of_train;
  std::set<std::string> trained;
  for (const AlignedRow& row : corpus.train) ++of_train[row.language], trained.insert(row.source);
  for (const AlignedRow& row : corpus.test) {
    ++of_test[row.language];
    EXPECT_FALSE(trained.contains(row.source)) << row.source;
  }
  EXPECT_EQ(of_test["it"], 12) << "rows are counted by language";
  EXPECT_GT(of_test["de"], 0);
  EXPECT_GT(of_train["it"], of_train["de"]);
  const ParallelText read = read_parallel_tsv(folder_.path("out/train.tsv"), {.language = -3});
  EXPECT_EQ(languages_of(read), (std::vector<std::string>{"de", "it"}));
  EXPECT_EQ(rows_of(read, "it").size(), of_train["it"]);
  EXPECT_EQ(read.source[0], corpus.train[0].source);
}

TEST_F(PrepareTest, ALineOfANoBreakSpaceEndsNoStanza) {
  PrepareDdtpOptions options =
      index("Package: a\nDescription-md5: 1\nDescription-it: alcune parole brevi\n testo\n \u00a0\n altro\n\n");
  EXPECT_EQ(prepare_ddtp(options).train.size(), 1u);
}

}  // namespace
}  // namespace lowbit
