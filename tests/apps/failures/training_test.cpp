#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "apps/lib/model/model_folder.h"
#include "core/files/safetensors.h"
#include "optim/checkpoint.h"
#include "tests/apps/child_program.h"
#include "tests/apps/tiny_run.h"
#include "tests/support/file_size_limit.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

using FullDisk = test::TinyRun;

TEST_F(FullDisk, WhileSavingLosesNothingThatWasSaved) {
  trained("whole", {"--max-update", "4", "--lr-scheduler", "fixed"});
  trained("run", {"--lr-scheduler", "fixed"});
  const auto before = names_in(path("run"));
  const std::string model = read("run/checkpoint_last/model.safetensors");
  {
    const test::FileSizeLimit limit(
        static_cast<rlim_t>(model.size() + 1000));  // the model fits, its optimizer does not
    expect_failure(train("run", {"--max-update", "4", "--lr-scheduler", "fixed"}), 3,
                   {"checkpoint-3", "optimizer.safetensors", "File too large", "nothing was changed", "Make room"});
  }
  auto after = names_in(path("run"));
  EXPECT_EQ(after, before) << "no half of a checkpoint is left";
  EXPECT_EQ(load_checkpoint(path("run/checkpoint_last")).state.updates, 2);
  EXPECT_TRUE(read("run/checkpoint_last/model.safetensors") == model);
  trained("run", {"--max-update", "4", "--lr-scheduler", "fixed"});
  expect_same_file("run/checkpoint_last/model.safetensors", "whole/checkpoint_last/model.safetensors");
}

TEST_F(FullDisk, WhilePreparingLeavesNoFolderThatLooksComplete) {
  std::string pairs;
  for (int i = 0; i < 200; ++i)
    pairs +=
        fmt::format("the {0}{1} stands here now\tla {0}{1} sta qui adesso\n", char('a' + i % 26), char('a' + i / 26));
  const std::vector<std::string> prepare = {"prepare", "tsv", write("pairs", pairs), "--out", path("out")};
  {
    const test::FileSizeLimit limit(3000);
    expect_failure(run(prepare), 3, {"train.tsv", "nothing was changed"});
  }
  EXPECT_TRUE(fs::is_empty(path("out")));
  EXPECT_EQ(run(prepare).code, 0);
  const std::string train_rows = read("out/train.tsv");
  EXPECT_GT(train_rows.size(), 3000u);
  expect_failure(run(prepare), 2, {path("out") + " holds something already"});
  EXPECT_EQ(read("out/train.tsv"), train_rows) << "the corpus of before is whole";
  EXPECT_EQ(names_in(path("out")), (std::vector<std::string>{"dev.tsv", "stats.json", "test.tsv", "train.tsv"}));
}

using Diverging = test::TinyRun;

TEST_F(Diverging, ABrokenWeightIsTracedToTheOpThatMetItFirst) {
  const std::string start = trained("start");
  fs::create_directory(path("broken"));
  StateDict state = load_safetensors(start + "/checkpoint_last/model.safetensors");
  const std::string name = "decoder.layers.1.fc1.weight";
  state.tensors.at(name).mutable_data<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  save_safetensors(path("broken/model.safetensors"), state);
  fs::copy(start + "/" + kTokenizerFile, path("broken"));
  expect_failure(
      train("run", {"--finetune-from", path("broken")}), 5,
      {"update 1: ", "is not finite", "first non-finite value", "decoder.layers.1.fc1", path("run/overflow.jsonl")});
  const auto record = nlohmann::json::parse(read("run/overflow.jsonl"));
  EXPECT_EQ(record["update"], 0);
  EXPECT_NE(read("run/train.log").find("| error | [trainer] update 1: "), std::string::npos) << "the log has it too";
  EXPECT_NE(record["message"].get<std::string>().find("decoder.layers.1.fc1"), std::string::npos);
}

TEST_F(Diverging, ALearningRateThatIsTooLargeEndsTheRunAndLeavesTheCheckpointOfBefore) {
  trained("run");
  const std::string model = read("run/checkpoint_last/model.safetensors");
  std::vector<std::string> absurd = {"--max-update",   "400",   "--lr",           "1000", "--clip-norm",      "0",
                                     "--optimizer",    "adamw", "--weight-decay", "10",   "--valid.interval", "400",
                                     "--lr-scheduler", "fixed"};
  setenv("LOWBIT_LOG", "error", 1);  // not the warning that these are other options
  expect_failure(train("run", absurd), 5, {"not finite", "Lower optim.lr", path("run/overflow.jsonl")});
  EXPECT_EQ(load_checkpoint(path("run/checkpoint_last")).state.updates, 2);
  EXPECT_TRUE(read("run/checkpoint_last/model.safetensors") == model);
}

class StoppedTraining : public test::TinyRun {
 protected:
  void stop_and_go_on(const std::string& verb, int signal_number, const std::vector<std::string>& more) {
    const std::string name = verb + std::to_string(signal_number);
    std::vector<std::string> options = {"--max-update", "100000", "--save.interval", "1", "--valid.interval", "100000"};
    options.insert(options.end(), more.begin(), more.end());
    test::Child child(training(verb, name, options));
    ASSERT_TRUE(child.reaches([&] { return fs::exists(path(name + "/checkpoint_last/state.json")); }));
    child.send(signal_number);
    const test::Outcome stopped = child.wait();
    EXPECT_EQ(stopped.code, 75) << stopped.err;
    EXPECT_NE(stopped.err.find("stopped after update"), std::string::npos) << stopped.err;
    const int64_t updates = load_checkpoint(path(name + "/checkpoint_last")).state.updates;
    options[1] = std::to_string(updates + 2);
    const test::Outcome resumed = run(training(verb, name, options));
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(load_checkpoint(path(name + "/checkpoint_last")).state.updates, updates + 2);
  }
  /// The exit code of a verb that is stopped by a signal while it waits for its input.
  int stopped(const std::vector<std::string>& arguments, const std::string& waits_for, int signal_number) {
    test::Child child(arguments);
    EXPECT_TRUE(child.reaches([&] { return child.has_open(waits_for); }));
    child.send(signal_number);
    const test::Outcome outcome = child.wait();
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "");
    return outcome.code;
  }
};

TEST_F(StoppedTraining, TrainingAndDistillingSaveAndGoOn) {
  stop_and_go_on("train", SIGTERM, {});
  stop_and_go_on("distill", SIGTERM, {"--teacher", path("train15"), "--recipe", "tbt-2-2-8"});
  stop_and_go_on("distill", SIGINT, {"--teacher", path("train15"), "--recipe", "tbt-2-2-8"});
}

TEST_F(StoppedTraining, GenerateAndPrepareEndWithTheSignalsCode) {
  const std::string model = trained("run"), input = path("fifo");
  ASSERT_EQ(mkfifo(input.c_str(), 0600), 0);
  const int writer = open(input.c_str(), O_RDWR);  // so that readers get past open() and wait for text
  for (const auto& [signal_number, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    EXPECT_EQ(stopped({"generate", model, "--input", input}, input, signal_number), code);
    EXPECT_EQ(stopped({"prepare", "tsv", input, "--out", path("out")}, input, signal_number), code);
  }
  close(writer);
  EXPECT_FALSE(fs::exists(path("out/train.tsv")));
}

TEST_F(StoppedTraining, APrepareThatIsKilledAtAnyMomentLeavesNoFolderThatLooksComplete) {
  std::string pairs;
  for (int i = 0; i < 20000; ++i)
    pairs += fmt::format("word{0} stands here with other{1} words\tparola{0} sta qui con altre{1} parole\n",
                         std::string(1 + i % 7, char('a' + i % 26)), std::string(1 + i % 5, char('a' + i / 26 % 26)));
  const std::string file = write("pairs", pairs);
  const std::vector<std::string> files = {"dev.tsv", "stats.json", "test.tsv", "train.tsv"};
  for (int delay_ms = 5; delay_ms < 1000; delay_ms *= 2) {
    fs::remove_all(path("out"));
    test::Child child({"prepare", "tsv", file, "--out", path("out")});
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    child.send(SIGTERM);
    const test::Outcome outcome = child.wait();
    EXPECT_TRUE(outcome.code == 143 || outcome.code == 0) << outcome.err;
    if (!fs::exists(path("out/train.tsv"))) continue;
    for (const std::string& name : files) EXPECT_TRUE(fs::exists(path("out/") + name)) << name << " at " << delay_ms;
  }
}

}  // namespace
}  // namespace lowbit
