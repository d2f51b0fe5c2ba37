#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

using UnknownNames = test::TinyRun;

TEST_F(UnknownNames, AreRefusedWithTheNearestWhereverTheyStand) {
  expect_failure(train("run", {"--warmpu", "3"}), 2, {"unknown flag --warmpu", "nearest is --warmup"});
  expect_failure(train("run", {"optim.rl=3"}), 2, {"unknown key optim.rl", "nearest is optim.lr"});
  const std::string file = write("run.yaml", "optim:\n  warmup: 1\n  rl: 3\n");
  expect_failure(train("run", {file}), 2, {"run.yaml:3]", "unknown key optim.rl", "nearest is optim.lr"});
  setenv("LOWBIT_OPTIM_RL", "3", 1);
  expect_failure(train("run"), 2, {"unknown variable LOWBIT_OPTIM_RL", "nearest is LOWBIT_OPTIM_LR"});
  unsetenv("LOWBIT_OPTIM_RL");
  EXPECT_FALSE(std::filesystem::exists(path("run"))) << "nothing was started";
}

TEST_F(UnknownNames, OfARecipeAndOfItsSlotsToo) {
  expect_failure(train("run", {"--recipe", "tbt-2-2-9"}), 2, {"no recipe tbt-2-2-9", "nearest is tbt-2-2-8"});
  const std::string recipe =
      write("mine.yaml", "name: mine\nbase: tbt-2-2-8\nrules:\n  - \"decoder.layers.*.encoder_atn.key\": none\n");
  expect_failure(train("run", {"--recipe", recipe}), 2,
                 {"mine.yaml:4]", "decoder.layers.*.encoder_atn.key", "nearest is decoder.layers.0.encoder_attn.key"});
}

using OutIsAFile = test::TinyRun;

TEST_F(OutIsAFile, AndNoFolder) {
  const std::string model = trained("run");
  for (const char* text : {"mine", ""}) {
    const std::string file = write("file", text);
    for (const std::vector<std::string>& command : {std::vector<std::string>{"export", model, "--out", file},
                                                    {"export", model, "--out", file, "--format", "gguf"},
                                                    {"average", model, "--last", "2", "--out", file},
                                                    {"prepare", "tsv", path("data/train.tsv"), "--out", file},
                                                    training("train", "file")}) {
      SCOPED_TRACE(command[0]);
      expect_failure(run(command), 2, {file + " is a file", "another name"});
      EXPECT_EQ(read("file"), text);
    }
  }
}

}  // namespace
}  // namespace lowbit
