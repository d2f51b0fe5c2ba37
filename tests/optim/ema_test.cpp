#include "optim/ema.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/toy_module.h"

namespace lowbit {
namespace {

using test::expect_error;
using test::ToyModule;

void set_alpha(ToyModule& toy, float value) { toy.alpha.value.mutable_value().mutable_data<float>()[0] = value; }
float alpha(const ToyModule& toy) { return toy.alpha.value.value().data<float>()[0]; }
float average(const Ema& ema) { return ema.state().tensors.at("alpha").data<float>()[0]; }

TEST(Ema, FollowsTheFormula) {
  ToyModule toy;
  Ema ema(group_parameters(toy, {}), {.decay = 0.75, .start_update = 2, .every = 2});
  EXPECT_EQ(average(ema), 0.5f);
  const std::vector<std::pair<float, float>> steps = {{1, 0.5f},     // update 1: not a multiple of 2
                                                      {2, 2},        // 2: not after the start, a copy
                                                      {8, 2},        // 3
                                                      {4, 2.5f},     // 4: 0.75 * 2 + 0.25 * 4
                                                      {9, 2.5f},     // 5
                                                      {0, 1.875f}};  // 6: 0.75 * 2.5 + 0.25 * 0
  for (size_t i = 0; i < steps.size(); ++i) {
    set_alpha(toy, steps[i].first);
    ema.update(static_cast<int64_t>(i) + 1);
    EXPECT_EQ(average(ema), steps[i].second) << "update " << i + 1;
    EXPECT_EQ(alpha(toy), steps[i].first);
  }
}

TEST(Ema, ScopeLendsTheAveragesToTheModule) {
  ToyModule toy;
  Ema ema(group_parameters(toy, {}), {});
  set_alpha(toy, 7);
  const uint32_t version = toy.alpha.value.value().version();
  {
    const EmaScope scope(ema);
    EXPECT_EQ(alpha(toy), 0.5f);
    EXPECT_NE(toy.alpha.value.value().version(), version) << "cached codes would go unnoticed";
    EXPECT_EQ(toy.tied.value.value().raw(), toy.weight.value.value().raw());
    expect_error(ErrorKind::internal, {"EmaScope"}, [&] { ema.update(1); });
    expect_error(ErrorKind::internal, {"EmaScope"}, [&] { ema.state(); });
  }
  EXPECT_EQ(alpha(toy), 7);
  EXPECT_EQ(average(ema), 0.5f);
}

TEST(Ema, StateComesBack) {
  ToyModule toy;
  Ema ema(group_parameters(toy, {}), {}), other(group_parameters(toy, {}), {});
  set_alpha(toy, 7);
  ema.update(2);
  other.load_state(ema.state());
  EXPECT_EQ(average(other), average(ema));
  ema.update(3);
  EXPECT_NE(average(other), average(ema)) << "the loaded state must not follow";
  StateDict bad = ema.state();
  bad.tensors["bias"] = Tensor::zeros({3});
  expect_error(ErrorKind::model, {"bias", "[3]", "[4]"}, [&] { other.load_state(bad); });
  bad.tensors.erase("bias");
  expect_error(ErrorKind::model, {"bias"}, [&] { other.load_state(bad); });
  bad = ema.state();
  bad.tensors["gamma"] = Tensor::zeros({3});
  expect_error(ErrorKind::model, {"4 tensors", "3 are needed"}, [&] { other.load_state(bad); });
}

TEST(Ema, RefusesNumbersOutOfRange) {
  expect_error(ErrorKind::usage, {"decay"}, [] { Ema({}, {.decay = 1}); });
  expect_error(ErrorKind::usage, {"every"}, [] { Ema({}, {.every = 0}); });
}

}  // namespace
}  // namespace lowbit
