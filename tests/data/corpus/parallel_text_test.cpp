#include "data/corpus/parallel_text.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

using Texts = std::vector<std::string>;

class ParallelTextTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view bytes) {
    std::ofstream(folder_.path(name), std::ios::binary) << bytes;
    return folder_.path(name);
  }
  test::TempDir folder_;
};

TEST_F(ParallelTextTest, LinesKeepEmptyRows) {
  const auto text = read_parallel_lines(write("a.en", "one\n\nthree\n"), write("a.it", "uno\ndue\ntre"));
  EXPECT_EQ(text.source, (Texts{"one", "", "three"}));
  EXPECT_EQ(text.target, (Texts{"uno", "due", "tre"}));
}

TEST_F(ParallelTextTest, MisalignedLinesNameTheFirstWithoutPartner) {
  const auto source = write("a.en", "one\ntwo\nthree\n"), target = write("a.it", "uno\ndue\n");
  test::expect_error(ErrorKind::data, {"a.en, line 3, byte 8", "a.it ends after line 2"},
                     [&] { read_parallel_lines(source, target); });
  test::expect_error(ErrorKind::data, {"a.en, line 3"}, [&] { read_parallel_lines(target, source); });
}

TEST_F(ParallelTextTest, TsvColumnsCountFromBothEnds) {
  const auto path = write("a.tsv", "k1\tone\tuno\nk2\t\tdue\n");
  const auto last_two = read_parallel_tsv(path), swapped = read_parallel_tsv(path, {.source = 3, .target = 1});
  EXPECT_EQ(last_two.source, (Texts{"one", ""}));
  EXPECT_EQ(last_two.target, (Texts{"uno", "due"}));
  EXPECT_EQ(swapped.source, (Texts{"uno", "due"}));
  EXPECT_EQ(swapped.target, (Texts{"k1", "k2"}));
}

TEST_F(ParallelTextTest, ATsvRowWithoutTheColumnIsNamed) {
  const auto path = write("a.tsv", "one\tuno\ntwo\n");
  test::expect_error(ErrorKind::data, {"a.tsv, line 2, byte 8", "1 column,", "column -2"},
                     [&] { read_parallel_tsv(path); });
  test::expect_error(ErrorKind::data, {"line 1", "2 columns", "column 3"},
                     [&] { read_parallel_tsv(path, {.source = 3}); });
}

TEST_F(ParallelTextTest, JsonFieldsDescend) {
  const auto path = write("a.jsonl", R"({"translation": {"en": "one \u00e9", "it": "uno"}, "id": 1})"
                                     "\n");
  const auto text = read_parallel_jsonl(path, {.source = "translation.en", .target = "translation.it"});
  EXPECT_EQ(text.source, (Texts{"one é"}));
  EXPECT_EQ(text.target, (Texts{"uno"}));
  test::expect_error(ErrorKind::data, {"a.jsonl, line 1, byte 0", "no field de", "translation.de"},
                     [&] { read_parallel_jsonl(path, {.source = "translation.en", .target = "translation.de"}); });
  test::expect_error(ErrorKind::data, {"field id must hold a string, not number"},
                     [&] { read_parallel_jsonl(path, {.source = "id", .target = "id"}); });
}

TEST_F(ParallelTextTest, ANumberBeyondDoubleIsNamed) {
  const auto path = write("a.jsonl", "{\"a\": \"x\", \"id\": 1e999}\n");
  test::expect_error(ErrorKind::data, {"a.jsonl, line 1", "no double"},
                     [&] { read_parallel_jsonl(path, {.source = "a", .target = "a"}); });
}

TEST_F(ParallelTextTest, BlankLinesAndNullAreEmptyTexts) {
  const auto path = write("a.jsonl", "{\"a\": \"x\", \"b\": null}\n  \n{\"a\": \"y\", \"b\": \"z\"}\n");
  const auto text = read_parallel_jsonl(path, {.source = "a", .target = "b"});
  EXPECT_EQ(text.source, (Texts{"x", "", "y"}));
  EXPECT_EQ(text.target, (Texts{"", "", "z"}));
}

TEST_F(ParallelTextTest, TruncatedJsonIsNamed) {
  const auto path = write("a.jsonl", "{\"a\": \"x\"}\n{\"a\": \"y\n");
  test::expect_error(ErrorKind::data, {"a.jsonl, line 2, byte 11", "not JSON from column 9"},
                     [&] { read_parallel_jsonl(path, {.source = "a", .target = "a"}); });
}

}  // namespace
}  // namespace lowbit
