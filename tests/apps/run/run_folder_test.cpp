#include "apps/lib/run/run_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

class RunFolderTest : public ::testing::Test {
 protected:
  RunFolderTest() : path_(::testing::TempDir() + "lowbit_run_" + std::to_string(getpid()) + "/runs/first") {}
  ~RunFolderTest() override { fs::remove_all(fs::path(path_).parent_path().parent_path()); }
  std::string path_;
};

TEST_F(RunFolderTest, IsMadeDescribedAndOpenedAgain) {
  EXPECT_THROW(RunFolder::open(path_), Error);
  const RunFolder run = RunFolder::create(path_);
  EXPECT_FALSE(run.holds_run());
  run.describe("optim:\n  lr: 1\n", std::vector<std::string>{"lowbit", "train", "a b"});
  EXPECT_TRUE(run.holds_run());
  EXPECT_EQ(RunFolder::open(path_).checkpoint(500), path_ + "/checkpoint-500");
  EXPECT_TRUE(RunFolder::create(path_).holds_run());
  std::ifstream file(run.environment());
  const auto environment = nlohmann::json::parse(file);
  EXPECT_EQ(environment["command_line"], (std::vector<std::string>{"lowbit", "train", "a b"}));
  EXPECT_TRUE(environment.contains("cpu"));
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), {}), 2) << "nothing temporary is left";
}

TEST_F(RunFolderTest, RefusesAFolderWithOtherThings) {
  fs::create_directories(path_);
  std::ofstream(path_ + "/thesis.tex") << "precious";
  try {
    RunFolder::create(path_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("holds no run"), std::string::npos);
  }
}

}  // namespace
}  // namespace lowbit
