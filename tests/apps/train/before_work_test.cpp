#include "apps/lib/log/metrics.h"
#include "apps/lib/train/train_options.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

class BeforeAnythingIsWritten : public test::TinyRun {
 protected:
  void expect_refused(int code, const std::vector<std::string>& words, const std::vector<std::string>& more) {
    expect_failure(train("run", more), code, words);
    EXPECT_FALSE(fs::exists(path("run")));
    EXPECT_FALSE(fs::exists(path("data/sentencepiece.bpe.model"))) << "no vocabulary was trained";
  }
};

TEST_F(BeforeAnythingIsWritten, OptionsAreChecked) {
  expect_refused(2, {"optim.warmup"}, {"--warmup", "2"});
  expect_refused(2, {"warmup"}, {"--warmup", "0", "--lr-scheduler", "noam"});
  expect_refused(2, {"dim 33", "heads 2"}, {"--dim", "33"});
  expect_refused(2, {"no recipe tbt-2-2-9"}, {"--recipe", "tbt-2-2-9"});
  expect_refused(2, {"quant.output_bits", "quant.recipe"}, {"--output-bits", "4"});
  expect_refused(2, {"valid.bleu_rows"}, {"--valid.metric", "bleu", "--valid.bleu_rows", "0"});
  expect_refused(2, {"optim.beta1"}, {"--beta1", "1"});
  expect_refused(3, {"train.tsv", "No such file"}, {"--data.dir", path("nowhere")});
  expect_refused(4, {"pieces.model", "No such file"}, {"--tokenizer", path("pieces.model")});
  expect_refused(4, {path("nobody")}, {"--teacher", path("nobody"), "--recipe", "tbt-2-2-8"});
  expect_refused(4, {path("nobody")}, {"--finetune-from", path("nobody")});
}

TEST(AdaptedWarmup, IsATenthOfTheRunAtMostAHundredUnlessGiven) {
  TrainOptions options;
  for (const auto& [updates, warmup] : {std::pair<int64_t, int64_t>{1, 0}, {20, 2}, {1000, 100}, {5000, 100}}) {
    options.max_update = updates;
    EXPECT_EQ(schedule_of(options, 8).warmup, warmup);
  }
  options.optim.schedule.warmup = 7;
  EXPECT_EQ(schedule_of(options, 8).warmup, 7);
}

using ShortRun = test::TinyRun;

TEST_F(ShortRun, LeavesARecordOfItsLastInterval) {
  const auto inner = [&](const std::string& name) {
    std::vector<int64_t> updates;
    for (const auto& record : read_metrics(path(name + "/metrics.jsonl")))
      if (record.at("kind") == "train_inner") updates.push_back(record.at("update"));
    return updates;
  };
  trained("run");
  EXPECT_EQ(inner("run"), (std::vector<int64_t>{2}));
  trained("longer", {"--max-update", "5", "--log-interval", "2"});
  EXPECT_EQ(inner("longer"), (std::vector<int64_t>{2, 4, 5}));
  trained("impatient", {"--max-update", "9", "--lr", "0", "--patience", "1", "--log-interval", "4"});
  EXPECT_EQ(inner("impatient"), (std::vector<int64_t>{2})) << "the second validation was no better";
}

TEST_F(ShortRun, CannotCompareProbabilitiesThatItDoesNotKeep) {
  trained("teacher");
  const std::vector<std::string> recomputed = {"--teacher", path("teacher"), "--recompute", "layers"};
  std::vector<std::string> compared = recomputed;
  compared.insert(compared.end(), {"--kd.attention", "0.5"});
  expect_failure(train("student", compared), 2, {"kd.attention=0.5", "run.recompute"});
  trained("student", recomputed);
}

TEST_F(ShortRun, WithoutRecordsIsNotReportedOn) {
  trained("run");
  write("run/metrics.jsonl", "");
  expect_failure(run({"report", path("run")}), 3, {"metrics.jsonl", "recorded nothing yet"});
  fs::remove(path("run/metrics.jsonl"));
  expect_failure(run({"report", path("run")}), 3, {"metrics.jsonl", "recorded nothing yet"});
}

}  // namespace
}  // namespace lowbit
