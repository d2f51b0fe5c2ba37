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

TEST_F(UnknownNames, FarFromAllOthersGetNoWrongAdvice) {
  const auto refused = [&](const std::string& flag, const std::string& advice) {
    expect_failure(run({"generate", path("model"), flag, "5"}), 2, {"unknown flag " + flag + advice + "\n"});
  };
  refused("--early-stopping", "; see --help, and docs/from-fairseq.md for flags of fairseq");
  refused("--max-new-tokens", "; see --help, and docs/from-fairseq.md for flags of fairseq");
  refused("--max-tokns", ", the nearest is --max-tokens");
  refused("--generate.beams", ", the nearest is --generate.beam");
  refused("--lenpne", ", the nearest is --lenpen");
  refused("--format", ": give --generate.format or --log.format");
}

TEST_F(UnknownNames, OfARecipeAndOfItsSlotsToo) {
  expect_failure(train("run", {"--recipe", "tbt-2-2-9"}), 2, {"no recipe tbt-2-2-9", "nearest is tbt-2-2-8"});
  const std::string recipe =
      write("mine.yaml", "name: mine\nbase: tbt-2-2-8\nrules:\n  - \"decoder.layers.*.encoder_atn.key\": none\n");
  expect_failure(train("run", {"--recipe", recipe}), 2,
                 {"mine.yaml:4]", "decoder.layers.*.encoder_atn.key", "nearest is decoder.layers.0.encoder_attn.key"});
}

TEST_F(UnknownNames, BitsThatTheRecipeDoesNotKnowLeaveNoFolder) {
  expect_failure(train("run", {"--recipe", "tbt-2-2-8", "--output-bits", "3"}), 2,
                 {"bits must be", "\"3\"", "with 3 output bits, as asked for"});
  EXPECT_FALSE(std::filesystem::exists(path("run")));
}

TEST_F(UnknownNames, AFlagWithoutItsValueIsNamed) {
  expect_failure(run({"train", path("data"), "--run.dir", path("run"), "--lr"}), 2, {"--optim.lr needs a value"});
}

using EmptyDevSet = test::TinyRun;

TEST_F(EmptyDevSet, IsToldBeforeAnythingIsWritten) {
  write("data/dev.tsv", "");
  expect_failure(train("run"), 3, {"dev.tsv: is empty", "--dev-share"});
  EXPECT_FALSE(std::filesystem::exists(path("run")));
}

using DataIsAFile = test::TinyRun;

TEST_F(DataIsAFile, AndNoFolder) {
  const std::string file = write("tiny.tsv", rows(0, 4));
  for (const std::vector<std::string>& command :
       {training("train", "run", {"--data.dir", file}),
        training("ablate", "run", {"--data.dir", file, "--recipes", "tbt-2-2-8"}),
        {"compare", file}})
    expect_failure(run(command), 2, {file + " is a file", "`lowbit prepare tsv " + file + " --out DIR`"});
  EXPECT_FALSE(std::filesystem::exists(path("run")));
}

using OutIsTaken = test::TinyRun;

TEST_F(OutIsTaken, AndPrepareLeavesItAlone) {
  const std::string corpus = read("data/train.tsv");
  expect_failure(run({"prepare", "tsv", write("pairs", rows(0, 9)), "--out", path("data")}), 2,
                 {path("data") + " holds something already", "another --out"});
  EXPECT_EQ(read("data/train.tsv"), corpus);
  EXPECT_FALSE(std::filesystem::exists(path("data/stats.json")));
}

using OutIsALink = test::TinyRun;

TEST_F(OutIsALink, AndItsTargetIsWritten) {
  namespace fs = std::filesystem;
  const std::string model = trained("run");
  fs::create_directory(path("models"));
  fs::create_symlink("models/new", path("link"));
  for (const auto& command : {std::vector<std::string>{"average", model, "--last", "2", "--out", path("link")},
                              {"export", model, "--out", path("link/")}}) {
    SCOPED_TRACE(command[0]);
    const test::Outcome outcome = run(command);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(fs::read_symlink(path("link")), "models/new");
    EXPECT_FALSE(fs::is_symlink(path("models/new")));
    EXPECT_EQ(fs::exists(path("models/new/README.md")), command[0] == "export") << "each is of the last verb";
  }
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
