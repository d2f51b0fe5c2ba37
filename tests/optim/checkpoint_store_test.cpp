#include "optim/checkpoint_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::expect_error;
using test::TempDir;
using Updates = std::vector<int64_t>;

Checkpoint at(int64_t update, std::optional<double> metric = {}) {
  Checkpoint checkpoint;
  checkpoint.model.tensors = {{"weight", Tensor::from<float>({1}, {static_cast<float>(update)})}};
  checkpoint.state.updates = update;
  checkpoint.state.metric = metric;
  return checkpoint;
}

Updates updates_of(const CheckpointStore& store) {
  Updates updates;
  for (const CheckpointInfo& info : store.list()) updates.push_back(info.update);
  return updates;
}

void damage(const std::string& path) { std::ofstream(path, std::ios::binary | std::ios::app) << "x"; }

TEST(KeepRules, TableOfCases) {
  const std::vector<CheckpointInfo> all = {{10, 5.0}, {20, 3.0}, {30, {}}, {40, 3.0}, {50, 4.0}, {60, 6.0}};
  EXPECT_EQ(superfluous(all, {.last = 1, .best = 1}), (Updates{10, 30, 40, 50})) << "of equals the earlier is best";
  EXPECT_EQ(superfluous(all, {.last = 2, .best = 3}), (Updates{10, 30}));
  EXPECT_EQ(superfluous(all, {.last = 1, .best = 1, .higher_is_better = true}), (Updates{10, 20, 30, 40, 50}));
  EXPECT_EQ(superfluous(all, {.last = 1, .best = 2, .higher_is_better = true}), (Updates{20, 30, 40, 50}));
  EXPECT_EQ(superfluous(all, {.last = 1, .best = 1, .every = 30}), (Updates{10, 40, 50}));
  EXPECT_EQ(superfluous(all, {.last = 9, .best = 9}), Updates{});
  EXPECT_EQ(superfluous({}, {}), Updates{});
}

TEST(CheckpointStore, RefusesRulesThatKeepNothing) {
  expect_error(ErrorKind::usage, {"at least 1"}, [] { CheckpointStore("x", {.last = 0}); });
  expect_error(ErrorKind::usage, {"at least 1"}, [] { CheckpointStore("x", {.best = -1}); });
}

TEST(CheckpointStore, LinksAndRulesFollowTheRun) {
  const TempDir run;
  CheckpointStore store(run.path(), {.last = 2, .best = 1});
  EXPECT_FALSE(store.load_last().has_value());
  const double losses[] = {5, 3, 4, 6, 7};
  for (int i = 0; i < 5; ++i) {
    const int64_t update = 10 * (i + 1);
    EXPECT_EQ(store.save(at(update, losses[i])), run.path("checkpoint-" + std::to_string(update)));
    EXPECT_EQ(fs::read_symlink(run.path("checkpoint_last")), "checkpoint-" + std::to_string(update));
    EXPECT_EQ(fs::read_symlink(run.path("checkpoint_best")), i == 0 ? "checkpoint-10" : "checkpoint-20");
  }
  EXPECT_EQ(updates_of(store), (Updates{20, 40, 50}));
  const auto loaded = store.load_last();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->checkpoint.state.updates, 50);
  EXPECT_EQ(loaded->folder, run.path("checkpoint-50"));
  EXPECT_EQ(loaded->warning, "");
  EXPECT_EQ(std::distance(fs::directory_iterator(run.path()), {}), 5) << "three folders and two links, nothing else";
}

TEST(CheckpointStore, KeepsNoBestWhenToldTo) {
  const TempDir run;
  CheckpointStore(run.path(), {}).save(at(10, 1.0));
  CheckpointStore store(run.path(), {.last = 1, .best = 0});
  EXPECT_EQ(store.save(at(20, 2.0)), run.path("checkpoint-20"));
  EXPECT_EQ(updates_of(store), (Updates{20}));
  EXPECT_FALSE(fs::is_symlink(run.path("checkpoint_best"))) << "it would point nowhere";
}

TEST(CheckpointStore, NoMetricNoBest) {
  const TempDir run;
  CheckpointStore(run.path(), {}).save(at(1));
  EXPECT_FALSE(fs::is_symlink(run.path("checkpoint_best")));
}

TEST(CheckpointStore, SavingAnUpdateAgainReplacesIt) {
  const TempDir run;
  CheckpointStore store(run.path(), {});
  store.save(at(10, 5.0));
  Checkpoint again = at(10, 4.0);
  again.state.attempts = 11;
  store.save(again);
  EXPECT_EQ(store.load_last()->checkpoint.state.attempts, 11);
  EXPECT_EQ(updates_of(store), Updates{10});
}

TEST(CheckpointStore, FallsBackToTheOneBeforeAndSaysSo) {
  const TempDir run;
  CheckpointStore store(run.path(), {.last = 3});
  for (const int64_t update : {10, 20, 30}) store.save(at(update));
  damage(run.path("checkpoint-30/model.safetensors"));
  auto loaded = store.load_last();
  EXPECT_EQ(loaded->checkpoint.state.updates, 20);
  EXPECT_EQ(loaded->checkpoint.model.tensors.at("weight").item(), 20);
  for (const char* word : {"going on from checkpoint-20", "checkpoint-30/model.safetensors", "checksum"})
    EXPECT_NE(loaded->warning.find(word), std::string::npos) << loaded->warning;
  EXPECT_EQ(loaded->warning.find('\n'), std::string::npos);

  fs::remove(run.path("checkpoint-20/state.json"));
  loaded = store.load_last();
  EXPECT_EQ(loaded->checkpoint.state.updates, 10);
  EXPECT_NE(loaded->warning.find("checkpoint-20/state.json"), std::string::npos) << loaded->warning;

  fs::resize_file(run.path("checkpoint-10/optimizer.safetensors"), 9);
  expect_error(ErrorKind::model, {"no usable checkpoint", "checkpoint-10", "checkpoint-20", "checkpoint-30"},
               [&] { store.load_last(); });
}

TEST(CheckpointStore, ARunThatWentBackLoadsItsOwnCourse) {
  const TempDir run;
  CheckpointStore store(run.path(), {.last = 2, .best = 1});
  for (const int64_t update : {10, 20, 30}) store.save(at(update, 1.0 / static_cast<double>(update)));
  store.save(at(25, 0.5));  // after starting again from checkpoint-20
  EXPECT_EQ(store.load_last()->checkpoint.state.updates, 25);
  EXPECT_EQ(updates_of(store), (Updates{20, 25, 30})) << "what the run left is not deleted";
  EXPECT_EQ(store.newest(2), (std::vector<std::string>{run.path("checkpoint-20"), run.path("checkpoint-25")}));
  expect_error(ErrorKind::model, {"2 checkpoints, not 3"}, [&] { store.newest(3); });
  damage(run.path("checkpoint-25/state.json"));
  EXPECT_EQ(store.load_last()->checkpoint.state.updates, 20);
}

TEST(CheckpointStore, WithoutTheLinkTheNewestIsLast) {
  const TempDir run;
  CheckpointStore store(run.path(), {});
  store.save(at(9));
  store.save(at(10));
  fs::remove(run.path("checkpoint_last"));
  EXPECT_EQ(store.load_last()->checkpoint.state.updates, 10);
  fs::create_symlink("checkpoint-500", run.path("checkpoint_last"));
  EXPECT_EQ(store.load_last()->checkpoint.state.updates, 10) << "a link to nothing";
}

TEST(CheckpointStore, OtherNamesAreLeftAlone) {
  const TempDir run;
  for (const char* name : {"checkpoint-", "checkpoint-07", "checkpoint-1x", "checkpoint--5", "tb", "my.tmp-1-1"})
    fs::create_directory(run.path(name));
  fs::create_directory(run.path("checkpoint-7.tmp-4711-0"));
  CheckpointStore store(run.path(), {.last = 1});
  store.save(at(100));
  store.save(at(200));
  EXPECT_EQ(updates_of(store), Updates{200});
  EXPECT_EQ(std::distance(fs::directory_iterator(run.path()), {}), 8);
  EXPECT_FALSE(fs::exists(run.path("checkpoint-7.tmp-4711-0"))) << "left by a killed run";
}

}  // namespace
}  // namespace lowbit
