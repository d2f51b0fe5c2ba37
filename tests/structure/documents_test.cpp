#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

/// Documents quote the sources; a quotation that has gone stale is an error.
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = fs::path(LB_TEST_DIR).parent_path();

std::set<std::string> lines_of(const fs::path& file) {
  std::set<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

TEST(Documents, DiffsOfTheExtendingPageStandInTheTree) {
  std::ifstream page(kRoot / "docs/extending.md");
  std::set<std::string> source;
  std::string file;
  int quoted = 0;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("+++ ")) {
      file = line.substr(4);
      source = lines_of(kRoot / file);
      ASSERT_FALSE(source.empty()) << "docs/extending.md quotes " << file << ", which does not exist";
    } else if (line.starts_with("+")) {
      EXPECT_TRUE(source.count(line.substr(1))) << "docs/extending.md: not in " << file << ": " << line.substr(1);
      ++quoted;
    }
  }
  EXPECT_GT(quoted, 20);
}

}  // namespace
