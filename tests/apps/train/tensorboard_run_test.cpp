#include "apps/lib/log/metrics.h"
#include "tests/apps/event_files.h"
#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

class TensorBoardOfARun : public test::TinyRun {
 protected:
  /// Every number of the run's records must stand in tb/, and nothing else.
  void expect_all_records(const std::string& name) {
    std::map<std::string, std::map<std::string, std::map<int64_t, float>>> expected;
    for (const auto& record : read_metrics(path(name + "/metrics.jsonl"))) {
      const std::string kind = record["kind"];
      if (kind != "train_inner" && kind != "valid") continue;
      for (const auto& [key, value] : record.items())
        if (is_metric(key, value)) expected[kind][key][record["update"]] = static_cast<float>(metric_value(value));
    }
    ASSERT_EQ(expected.size(), 2u);
    for (const auto& [kind, scalars] : expected)
      EXPECT_EQ(test::read_scalars(path(name + "/tb/" + kind)), scalars) << kind;
  }
};

TEST_F(TensorBoardOfARun, HoldsEveryScalarOfTheMetrics) {
  trained("run", {"--max-update", "3", "--log-interval", "1"});
  expect_all_records("run");
  const auto inner = test::read_scalars(path("run/tb/train_inner")), valid = test::read_scalars(path("run/tb/valid"));
  for (const char* key : {"loss", "nll_loss", "ppl", "wps", "lr", "gnorm", "clip"})
    EXPECT_EQ(inner.at(key).size(), 3u) << key;
  for (const char* key : {"loss", "nll_loss", "ppl", "bleu", "length_ratio"})
    EXPECT_EQ(valid.at(key).size(), 3u) << key;
}

TEST_F(TensorBoardOfARun, GoesOnWhereAResumedRunDoes) {
  trained("run", {"--max-update", "4", "--log-interval", "1", "--save.keep-last", "3"});
  std::filesystem::remove_all(path("run/checkpoint-4"));  // so that update 3 is done again and 4 is not
  std::filesystem::remove_all(path("run/checkpoint-3"));
  trained("run", {"--max-update", "3", "--log-interval", "1", "--lr", "0.1", "--save.keep-last", "3"});
  expect_all_records("run");
  EXPECT_EQ(test::read_scalars(path("run/tb/train_inner")).at("lr").size(), 3u);
}

TEST_F(TensorBoardOfARun, GoesToTheFolderThatWasAskedFor) {
  trained("run", {"--tensorboard-logdir", path("elsewhere")});
  EXPECT_FALSE(test::read_scalars(path("elsewhere/valid")).empty());
  EXPECT_FALSE(std::filesystem::exists(path("run/tb")));
}

}  // namespace
}  // namespace lowbit
