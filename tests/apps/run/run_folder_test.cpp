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
  std::ifstream file(run.environment());
  const auto environment = nlohmann::json::parse(file);
  EXPECT_EQ(environment["command_line"], (std::vector<std::string>{"lowbit", "train", "a b"}));
  EXPECT_TRUE(environment.contains("cpu"));
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), {}), 3) << "the lock, and nothing temporary";
}

TEST_F(RunFolderTest, IsTrainedInByOneAtATimeAndReadByAll) {
  const auto refusal = [&] {
    try {
      RunFolder::create(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return std::string(error.what());
    }
    return std::string();
  };
  {
    const RunFolder run = RunFolder::create(path_);
    run.describe("optim:\n  lr: 1\n", {});
    const RunFolder copy = run;
    EXPECT_EQ(refusal(),
              "[" + path_ + "] another lowbit is training in this folder: wait for it, or give another run.dir");
    EXPECT_TRUE(RunFolder::open(path_).holds_run());
  }
  EXPECT_EQ(refusal(), "") << "the lock went with its holder, the file .lock did not";
  EXPECT_TRUE(fs::exists(path_ + "/.lock"));
}

TEST_F(RunFolderTest, OfATrainingThatWasKilledAtItsStartIsUsed) {
  RunFolder::create(path_);
  EXPECT_FALSE(RunFolder::create(path_).holds_run());
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
