#include <signal.h>

#include "tests/apps/child_program.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using TwoTrainings = test::TinyRun;

TEST_F(TwoTrainings, ShareNoFolder) {
  test::Child first(
      training("train", "run", {"--max-update", "100000", "--save.interval", "200", "--valid.interval", "100000"}));
  ASSERT_TRUE(first.reaches([&] { return std::filesystem::exists(path("run/checkpoint_last")); }));
  expect_failure(train("run"), 2, {path("run"), "another lowbit is training", "another run.dir"});
  EXPECT_EQ(run({"inspect", path("run")}).code, 0) << "reading is free";
  first.send(SIGKILL);
  EXPECT_EQ(first.wait().code, 128 + SIGKILL);
  trained("run");
}

}  // namespace
}  // namespace lowbit
