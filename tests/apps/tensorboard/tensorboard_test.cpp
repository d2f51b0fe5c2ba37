#include "apps/lib/tensorboard/tensorboard.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "tests/apps/event_files.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class TensorBoardTest : public ::testing::Test {
 protected:
  TensorBoardTest() : folder_(::testing::TempDir() + "lowbit_tb_" + std::to_string(getpid())) {}
  ~TensorBoardTest() override { fs::remove_all(folder_); }

  std::vector<std::string> payloads(const std::string& name) const {
    return test::event_payloads(folder_ + "/" + name);
  }

  std::string folder_;
};

TEST_F(TensorBoardTest, RecordsBecomeEventsInAFolderOfTheirKind) {
  TensorBoard board(folder_);
  board.add({{"kind", "valid"},
             {"update", 7},
             {"epoch", 2},
             {"time", 5.0},
             {"loss", 2.5},
             {"bleu", nullptr},
             {"subset", "valid"}});
  board.add({{"kind", "levels"},
             {"update", 8},
             {"time", 5.0},
             {"levels", {{{"path", "a.weight"}, {"values", {-1, 1}}, {"counts", {3, 5}}, {"entropy", 0.95}}}}});
  board.add({{"kind", "cost"}, {"update", 9}, {"time", 5.0}, {"seconds", {{"forward", 2}}}});
  const auto valid = payloads("valid");
  ASSERT_EQ(valid.size(), 3u) << "version, loss, bleu";
  EXPECT_NE(valid[0].find("brain.Event:2"), std::string::npos);
  EXPECT_EQ(valid[1], scalar_event(5.0, 7, "loss", 2.5));
  EXPECT_EQ(valid[2], scalar_event(5.0, 7, "bleu", std::nan("")));
  const double values[] = {-1, 1}, counts[] = {3, 5};
  EXPECT_EQ(payloads("levels")[1], histogram_event(5.0, 8, "levels/a.weight", level_histogram(values, counts)));
  EXPECT_EQ(payloads("levels")[2], scalar_event(5.0, 8, "entropy/a.weight", 0.95));
  EXPECT_EQ(payloads("cost")[1], scalar_event(5.0, 9, "seconds/forward", 2));
}

TEST_F(TensorBoardTest, AResumedRunHidesWhatComesAfter) {
  TensorBoard board(folder_, 500);
  board.add_text("config", "lr: 1");
  const auto train = payloads("train");
  ASSERT_EQ(train.size(), 3u);
  EXPECT_EQ(train[1].substr(9), restart_event(0.0, 501)) << "the time, which is 9 bytes, differs";
}

TEST_F(TensorBoardTest, AFolderThatCannotBeMadeIsTold) {
  std::ofstream(folder_) << "a file";
  TensorBoard board(folder_);
  EXPECT_THROW(board.add_text("config", ""), Error);
}

}  // namespace
}  // namespace lowbit
