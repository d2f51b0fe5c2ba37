#include "core/files/atomic.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/expect_error.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::expect_error;
using test::FileSizeLimit;
using test::TempDir;

int entries(const std::string& folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

uint64_t checksum_of(std::string_view text) {
  Checksum sum;
  sum.add(std::as_bytes(std::span(text)));
  return sum.value();
}

TEST(Checksum, EmptyInputAndFiles) {
  EXPECT_EQ(checksum_of(""), 0x2d06800538d394c2u);       // published with xxHash
  EXPECT_EQ(checksum_of("hello"), 0x9555e8555c62dcfdu);  // xxhsum -H3, version 0.8.1
  const TempDir folder;
  const std::string text(100000, 'x');
  write_file_atomically(folder.path("file"), text);
  EXPECT_EQ(checksum_of_file(folder.path("file")), checksum_of(text));
}

TEST(Checksum, PiecesGiveTheWhole) {
  const std::string text = "a file that is written in several pieces, none of them of the same size as another";
  Checksum pieces;
  for (size_t begin = 0, size = 1; begin < text.size(); begin += size++)
    pieces.add(std::as_bytes(std::span(std::string_view(text).substr(begin, size))));
  EXPECT_EQ(pieces.value(), checksum_of(text));
}

TEST(AtomicFile, ReplacesOnCommitOnly) {
  const TempDir folder;
  const std::string path = folder.path("file");
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new ");
    file.write("contents");
    EXPECT_EQ(contents(path), "old");
    EXPECT_EQ(file.commit(), checksum_of("new contents"));
    EXPECT_EQ(contents(path), "new contents");
  }
  {
    AtomicFile file(path);
    file.write("abandoned");
  }
  EXPECT_EQ(contents(path), "new contents");
  EXPECT_EQ(entries(folder.path()), 1) << "a temporary was left";
}

TEST(AtomicFile, FullDiskLeavesTheOldFile) {
  const TempDir folder;
  const std::string path = folder.path("file");
  write_file_atomically(path, "old");
  {
    const FileSizeLimit limit(1000);
    expect_error(ErrorKind::data, {"file", "after 1000 bytes", "nothing was changed"},
                 [&] { write_file_atomically(path, std::string(5000, 'x')); });
  }
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(entries(folder.path()), 1) << "a temporary was left";
}

TEST(AtomicFile, NamesWhatCannotBeWritten) {
  const TempDir folder;
  expect_error(ErrorKind::data, {"missing/file", "No such file or directory"},
               [&] { AtomicFile file(folder.path("missing/file")); });
  fs::create_directories(folder.path("taken/inside"));
  expect_error(ErrorKind::data, {"taken", "directory"}, [&] { write_file_atomically(folder.path("taken"), "x"); });
  EXPECT_EQ(entries(folder.path()), 1) << "a temporary was left";
}

TEST(AtomicFolder, AppearsWholeAndReplacesWhole) {
  const TempDir root;
  const std::string path = root.path("folder");
  for (const char* generation : {"first", "second"}) {
    AtomicFolder folder(path);
    write_file_atomically(folder.path() + "/" + generation, generation);
    EXPECT_FALSE(fs::exists(path + "/" + generation));
    folder.commit();
    EXPECT_EQ(contents(path + "/" + generation), generation);
    EXPECT_EQ(entries(path), 1) << "files of the folder that was replaced remain";
  }
  { AtomicFolder abandoned(path); }
  EXPECT_EQ(entries(root.path()), 1) << "a temporary was left";
}

TEST(AtomicFolder, LinksMoveInOneStep) {
  const TempDir root;
  for (const char* target : {"one", "two"}) {
    write_file_atomically(root.path(target), target);
    point_link(root.path("last"), target);
    EXPECT_EQ(fs::read_symlink(root.path("last")), target);
    EXPECT_EQ(contents(root.path("last")), target);
  }
  EXPECT_EQ(entries(root.path()), 3);
}

TEST(AtomicFolder, TemporaryNamesAreTold) {
  const TempDir root;
  AtomicFolder folder(root.path("checkpoint-10"));
  EXPECT_TRUE(is_temporary_name(folder.path()));
  EXPECT_FALSE(is_temporary_name("checkpoint-10"));
}

}  // namespace
}  // namespace lowbit
