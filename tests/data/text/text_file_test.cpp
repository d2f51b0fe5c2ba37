#include "data/text/text_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

std::string write(const test::TempDir& folder, const std::string& name, std::string_view bytes) {
  const std::string path = folder.path(name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(TextFile, CutsLinesAndKnowsTheirOffsets) {
  const test::TempDir folder;
  const TextFile file = TextFile::read(write(folder, "a.txt", "\xEF\xBB\xBFone\r\n\nthr\u00e9e\nfour"));
  ASSERT_EQ(file.lines(), 4);
  EXPECT_EQ(file.line(1), "one");
  EXPECT_EQ(file.line(2), "");
  EXPECT_EQ(file.line(3), "thr\u00e9e");
  EXPECT_EQ(file.line(4), "four");
  EXPECT_FALSE(file.ends_with_newline());
  EXPECT_EQ(file.where(3), folder.path("a.txt") + ", line 3, byte 9");
}

TEST(TextFile, BadFilesAreNamedWithLineAndByte) {
  const test::TempDir folder;
  const auto read = [](const std::string& path) { return [path] { TextFile::read(path); }; };
  test::expect_error(ErrorKind::data, {"none.txt", "No such file"}, read(folder.path("none.txt")));
  test::expect_error(ErrorKind::data, {"is a folder"}, read(folder.path()));
  test::expect_error(ErrorKind::data, {"empty.txt", "empty"}, read(write(folder, "empty.txt", "")));
  test::expect_error(ErrorKind::data, {"mark.txt", "empty"}, read(write(folder, "mark.txt", "\xEF\xBB\xBF")));
  test::expect_error(ErrorKind::data, {"latin.txt", "line 3", "byte 11", "0xE9", "UTF-8"},
                     read(write(folder, "latin.txt", "one\ntwo\ncaf\xE9\nfour\n")));
  test::expect_error(ErrorKind::data, {"cut.txt", "line 2", "byte 4", "0xC3"},
                     read(write(folder, "cut.txt", "one\n\xC3")));
}

}  // namespace
}  // namespace lowbit
