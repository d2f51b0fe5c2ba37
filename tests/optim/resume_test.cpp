#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "nn/module_state.h"
#include "optim/adam.h"
#include "optim/checkpoint_store.h"
#include "optim/clip.h"
#include "optim/ema.h"
#include "optim/schedule.h"
#include "tests/support/temp_dir.h"
#include "tests/support/toy_module.h"

namespace lowbit {
namespace {

using test::contents;
using test::TempDir;
using test::ToyModule;

/// A run in miniature with everything that has state.
struct TinyRun {
  ToyModule model;
  std::vector<ParamGroup> groups = group_parameters(model, {.weight_decay = 0.1, .quantizer_lr_scale = 0.5});
  Adam optimizer{groups, {}};
  Ema ema{groups, {.decay = 0.9, .start_update = 2}};
  Schedule schedule{{.kind = ScheduleKind::cosine, .lr = 0.1, .warmup = 3, .total = 10}};
  TrainState state = {.random = {.key = 17}};

  /// Attempt 4 overflows, as a loss scale that is too large would make it.
  void attempt() {
    model.set_grads(state.random.next_key());
    if (++state.attempts == 4)
      model.bias.value.mutable_grad().mutable_data<float>()[0] = std::numeric_limits<float>::infinity();
    const GradNorm gradient = global_norm(groups);
    if (gradient.non_finite) {
      ++state.skipped;
      return;
    }
    optimizer.step(schedule(state.updates), clip_factor(gradient.norm, 1));
    ema.update(++state.updates);
  }

  void save(const std::string& folder) {
    CheckpointStore(folder, {}).save({module_state(model), optimizer.state(), ema.state(), state});
  }

  void load(const std::string& folder) {
    const auto loaded = CheckpointStore(folder, {}).load_last();
    load_module_state(model, loaded->checkpoint.model);
    optimizer.load_state(loaded->checkpoint.optimizer);
    ema.load_state(loaded->checkpoint.ema);
    state = loaded->checkpoint.state;
  }
};

class Resume : public testing::TestWithParam<int> {};

TEST_P(Resume, EqualsNeverHavingStoppedToTheByte) {
  constexpr int kAttempts = 10;
  const TempDir straight, stopped;
  TinyRun a;
  for (int i = 0; i < kAttempts; ++i) a.attempt();
  a.save(straight.path());
  {
    TinyRun b;
    for (int i = 0; i < GetParam(); ++i) b.attempt();
    b.save(stopped.path());
  }
  TinyRun c;
  c.load(stopped.path());
  for (int i = GetParam(); i < kAttempts; ++i) c.attempt();
  c.save(stopped.path());
  EXPECT_EQ(a.state.skipped, 1);
  for (const char* file :
       {"model.safetensors", "optimizer.safetensors", "ema.safetensors", "state.json", "checksums.txt"})
    EXPECT_EQ(contents(stopped.path(std::string("checkpoint_last/") + file)),
              contents(straight.path(std::string("checkpoint_last/") + file)))
        << file;
  EXPECT_FALSE(contents(straight.path("checkpoint_last/checksums.txt")).empty());
}

INSTANTIATE_TEST_SUITE_P(StoppedAfter, Resume, testing::Values(0, 1, 3, 4, 5, 9));

}  // namespace
}  // namespace lowbit
