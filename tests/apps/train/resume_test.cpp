#include <algorithm>

#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using ResumedRun = test::TinyRun;

TEST_F(ResumedRun, IsRefusedForAnotherModel) {
  trained("run");
  const std::string config = read("run/config.yaml");
  expect_failure(train("run", {"--arch", "quickstart"}), 2,
                 {path("run") + " holds a run with model.arch=tiny", "not quickstart", "give another run.dir"});
  expect_failure(train("run", {"--ffn-dim", "72"}), 2, {"a run with model.ffn_dim=0, not 72", "give another run.dir"});
  expect_failure(train("run", {"--recipe", "tbt-2-2-8"}), 2, {"a run with quant.recipe=\"\", not tbt-2-2-8"});
  EXPECT_EQ(read("run/config.yaml"), config);
  const test::Outcome same = train("run", {"--max-update", "3", "--ffn-dim", "64", "--arch", "tiny"});
  EXPECT_EQ(same.code, 0) << "said in other words: " << same.err;
  EXPECT_EQ(same.err, "");
}

TEST_F(ResumedRun, SaysOnceWhatChanged) {
  trained("run");
  const test::Outcome changed = train("run", {"--max-update", "3", "--lr", "0.01", "--dropout", "0.2"});
  EXPECT_EQ(changed.code, 0) << changed.err;
  EXPECT_EQ(std::count(changed.err.begin(), changed.err.end(), '\n'), 1) << changed.err;
  EXPECT_EQ(changed.err.find("warning: " + path("run") + " goes on with other options: "), 0u) << changed.err;
  for (const char* words : {"model.dropout was -1, is 0.2", "optim.lr was 0.0015, is 0.01"})
    EXPECT_NE(changed.err.find(words), std::string::npos) << changed.err;
  EXPECT_EQ(train("run", {"--max-update", "4", "--lr", "0.01", "--dropout", "0.2"}).err, "")
      << "now they are the run's";
}

TEST_F(ResumedRun, ThatHasEndedIsLeftAsItIs) {
  trained("run");
  const std::string config = read("run/config.yaml"), metrics = read("run/metrics.jsonl");
  for (const char* max_update : {"2", "1"}) {
    const test::Outcome again = train("run", {"--max-update", max_update, "--warmup", "0", "--lr", "0.01"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(read("run/config.yaml"), config);
    EXPECT_EQ(read("run/metrics.jsonl"), metrics);
  }
}

}  // namespace
}  // namespace lowbit
