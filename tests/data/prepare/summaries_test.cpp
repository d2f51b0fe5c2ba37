#include "data/corpus/summaries.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "data/prepare/prepare.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

class Summaries : public ::testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view text) {
    fs::create_directories(fs::path(folder_.path(name)).parent_path());
    std::ofstream(folder_.path(name), std::ios::binary) << text;
    return folder_.path(name);
  }
  PrepareSummariesOptions options(SummaryLayout layout, std::vector<fs::path> inputs) {
    return {.layout = layout, .inputs = std::move(inputs), .out = folder_.path("out")};
  }
  test::TempDir folder_;
};

TEST_F(Summaries, HuggingFacesFieldNamesAreFound) {
  for (const char* row :
       {R"({"document": "long text", "summary": "short", "id": "1"})",
        R"({"article": "long text", "highlights": "short"})", R"({"text": "long text", "summary": "short"})"}) {
    const auto rows = read_summary_jsonl(write("a.jsonl", row), {});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].document, "long text");
    EXPECT_EQ(rows[0].summary, "short");
  }
  const std::string other = write("b.jsonl", R"({"body": {"text": "long"}, "title": "t"})");
  EXPECT_EQ(read_summary_jsonl(other, {"body.text", "title"})[0].document, "long");
  test::expect_error(ErrorKind::data, {"b.jsonl, line 1", "--source-field"}, [&] { read_summary_jsonl(other, {}); });
}

TEST_F(Summaries, StoriesHaveHighlights) {
  write("stories/b.story",
        "(CNN) First line.\n\nSecond line.\n\n@highlight\n\nOne thing happened\n\n@highlight\n\nThen another.\n");
  write("stories/a.story", "Text\r\n@highlight\r\nSum\r\n");
  const auto rows = read_stories(folder_.path("stories"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].document, "Text");
  EXPECT_EQ(rows[1].id, "b");
  EXPECT_EQ(rows[1].document, "(CNN) First line. Second line.");
  EXPECT_EQ(rows[1].summary, "One thing happened. Then another.");
  write("none/c.story", "no highlight");
  test::expect_error(ErrorKind::data, {"c.story", "@highlight"}, [&] { read_stories(folder_.path("none")); });
  test::expect_error(ErrorKind::data, {"no file *.story"}, [&] { read_stories(folder_.path()); });
}

TEST_F(Summaries, XsumInBothForms) {
  write("x/1.summary",
        "[SN]URL[SN]\nhttp://a\n\n[SN]TITLE[SN]\nTitle\n\n[SN]FIRST-SENTENCE[SN]\nIt "
        "was.\n\n[SN]RESTBODY[SN]\nMore\nand more.\n");
  write("x/2.summary", "Said.");
  write("x/2.document", "Much\nwas said.");
  const auto rows = read_xsum(folder_.path("x"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].summary, "It was.");
  EXPECT_EQ(rows[0].document, "More and more.");
  EXPECT_EQ(rows[1].document, "Much was said.");
  write("y/3.summary", "[SN]RESTBODY[SN]\nText\n");
  test::expect_error(ErrorKind::data, {"3.summary", "FIRST-SENTENCE"}, [&] { read_xsum(folder_.path("y")); });
}

TEST_F(Summaries, SplitsThatCameWithACorpusStay) {
  for (const char* part : {"train", "val", "test"}) {
    write(std::string("s/") + part + ".source", std::string("A document  of ") + part + "\nThe same\n");
    write(std::string("s/") + part + ".target", "Short\nThe same\n");
  }
  SplitCorpus corpus = prepare_summaries(options(SummaryLayout::lines, {folder_.path("s")}));
  EXPECT_EQ(corpus.train.size(), 2u);
  EXPECT_EQ(corpus.dev[0].source, "A document of val");
  EXPECT_EQ(corpus.test[1].target, "The same");

  for (int i = 0; i < 4; ++i)
    write("x/" + std::to_string(i) + ".summary",
          "[SN]FIRST-SENTENCE[SN]\nS\n[SN]RESTBODY[SN]\nD" + std::to_string(i) + "\n");
  PrepareSummariesOptions xsum = options(SummaryLayout::xsum, {folder_.path("x")});
  xsum.lists_of_ids = write("ids.json", R"({"train": ["0"], "validation": ["1"], "test": ["3"]})");
  corpus = prepare_summaries(xsum);
  EXPECT_EQ(corpus.train.size(), 1u);
  EXPECT_EQ(corpus.rejected.at("in no list"), 1);
  EXPECT_EQ(corpus.test[0].source, "D3");
  xsum.lists_of_ids = write("ids.json", "[]");
  test::expect_error(ErrorKind::data, {"ids.json", "'train'"}, [&] { prepare_summaries(xsum); });
}

TEST_F(Summaries, AnEmptyDocumentIsNamedOrLeftOut) {
  const std::string file =
      write("a.jsonl", "{\"document\": \"text\", \"summary\": \"s\"}\n{\"document\": \" \\n\", \"summary\": \"s\"}\n");
  PrepareSummariesOptions given = options(SummaryLayout::jsonl, {file, file, file});
  test::expect_error(ErrorKind::data, {"a.jsonl, line 2", "document is empty", "--skip-empty"},
                     [&] { prepare_summaries(given); });
  given.skip_empty = true;
  const SplitCorpus corpus = prepare_summaries(given);
  EXPECT_EQ(corpus.train.size(), 1u);
  EXPECT_EQ(corpus.rejected.at("empty"), 3);
}

TEST_F(Summaries, ADocumentOfAHundredThousandWordsIsRead) {
  std::string document;
  for (int i = 0; i < 100'000; ++i) document += "word ";
  const std::string row = R"({"document": ")" + document + R"(", "summary": "many words"})" + "\n";
  const std::string file = write("a.jsonl", row);
  const SplitCorpus corpus = prepare_summaries(options(SummaryLayout::jsonl, {file, file, file}));
  EXPECT_EQ(corpus.train[0].source.size(), document.size() - 1);
}

}  // namespace
}  // namespace lowbit
