#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "autograd/functions/elementwise.h"
#include "autograd/functions/reduce.h"
#include "autograd/loss_scale.h"
#include "autograd/precision.h"
#include "core/ops/elementwise.h"
#include "nn/module_state.h"
#include "nn/precision_policy.h"
#include "optim/adam.h"
#include "optim/clip.h"
#include "optim/ema.h"
#include "optim/trainer.h"
#include "tests/support/expect_error.h"
#include "tests/support/golden_model.h"
#include "tests/support/toy_module.h"

namespace lowbit {
namespace {

using test::expect_error;
using test::ToyModule;

/// Gradients of a whole model at one loss scale, unscaled.
std::map<std::string, std::vector<float>> unscaled_gradients(DType storage, double scale) {
  testing::GoldenModel golden = testing::load_golden_model("transformer_pre");
  const PrecisionScope precision{Precision(storage)};
  const LossScaleScope scope(scale);
  const LossSum loss = cross_entropy_objective(*golden.model, golden.batch, 0.1, {});
  loss.sum.backward(ops::full(loss.sum.shape(), scale));
  std::map<std::string, std::vector<float>> gradients;
  golden.model->each_parameter([&](const std::string& path, Parameter& parameter) {
    if (!parameter.value.has_grad()) return;
    EXPECT_EQ(parameter.value.grad().dtype(), DType::f32) << path;
    gradients[path] = ops::scale(parameter.value.grad(), 1 / scale).to_vector<float>();
  });
  return gradients;
}

int64_t differing(const std::map<std::string, std::vector<float>>& a,
                  const std::map<std::string, std::vector<float>>& b) {
  int64_t count = 0;
  for (const auto& [path, values] : a)
    for (size_t i = 0; i < values.size(); ++i) count += values[i] != b.at(path)[i];
  return count;
}

/// A power of two commutes with every rounding, so the scale leaves no trace where nothing was lost.
TEST(LossScaling, UnscaledGradientsAreTheSameBitsUnderEveryScale) {
  for (const DType storage : {DType::f32, DType::bf16})
    EXPECT_EQ(differing(unscaled_gradients(storage, 0x1p10), unscaled_gradients(storage, 1)), 0) << to_string(storage);
  const auto reference = unscaled_gradients(DType::f16, 0x1p10);
  EXPECT_EQ(differing(unscaled_gradients(DType::f16, 0x1p8), reference), 0);
  EXPECT_GT(differing(unscaled_gradients(DType::f16, 0x1p-14), reference), 0) << "gradients below 2^-24 are lost";
}

/// sum(weight) * factor: an overflow at will.
LossSum toy_loss(ToyModule& toy, double factor) {
  LossSum loss;
  loss.sum = scale(sum(toy.weight.value), factor);
  loss.tokens = 1;
  return loss;
}

TrainerConfig with_scaler(const char* preset) {
  TrainerConfig config;
  config.loss_scaler = loss_scaler_preset(preset);
  return config;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(LossScaling, ASkippedUpdateChangesNothingButTheScale) {
  ToyModule toy;
  Adam optimizer(group_parameters(toy, {}), {});
  Trainer trainer(
      optimizer, [](int64_t done) { return 0.1 / static_cast<double>(done + 1); }, with_scaler("torch"));
  trainer.update(0, 1, [&](int64_t) { return toy_loss(toy, 1); });
  const std::vector<float> weights = toy.weight.value.value().to_vector<float>();
  const StateDict before = optimizer.state();
  const std::vector<float> moments = before.tensors.at("weight.exp_avg").to_vector<float>();

  const StepReport skipped = trainer.update(1, 1, [&](int64_t) { return toy_loss(toy, kInfinity); });
  EXPECT_TRUE(skipped.skipped);
  EXPECT_EQ(skipped.loss_scale, 0x1p16);
  EXPECT_EQ(trainer.loss_scaler()->scale(), 0x1p15);
  EXPECT_EQ(toy.weight.value.value().to_vector<float>(), weights);
  EXPECT_FALSE(toy.weight.value.has_grad());
  const StateDict after = optimizer.state();
  EXPECT_EQ(after.tensors.at("weight.exp_avg").to_vector<float>(), moments);
  EXPECT_EQ(after.tensors.at("weight.updates").to_vector<int64_t>(), std::vector<int64_t>{1});

  const StepReport next = trainer.update(1, 1, [&](int64_t) { return toy_loss(toy, 1); });
  EXPECT_FALSE(next.skipped);
  EXPECT_EQ(next.update, 2);
  EXPECT_DOUBLE_EQ(next.lr, 0.05) << "the schedule counts updates, not attempts";
  EXPECT_NEAR(next.grad_norm, std::sqrt(12), 1e-6) << "unscaled";
}

TEST(LossScaling, UpdatesDoNotDependOnTheScale) {
  const auto trained = [](const char* preset) {
    ToyModule toy;
    Adam optimizer(group_parameters(toy, {}), {});
    Trainer trainer(
        optimizer, [](int64_t) { return 0.1; }, with_scaler(preset));
    for (int64_t i = 0; i < 5; ++i) trainer.update(i, 2, [&](int64_t) { return toy_loss(toy, 0.7); });
    return toy.weight.value.value().to_vector<float>();
  };
  EXPECT_EQ(trained("static"), trained("megatron"));
}

TEST(LossScaling, GivesUpWithTheOpAndWhetherTheScaleMatters) {
  ToyModule toy;
  Adam optimizer(group_parameters(toy, {}), {});
  Trainer trainer(
      optimizer, [](int64_t) { return 0.1; }, with_scaler("fairseq"));
  const auto broken = [&](int64_t) { return toy_loss(toy, kInfinity); };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(trainer.update(0, 1, broken).skipped) << i;
  expect_error(ErrorKind::diverged, {"update 1", "at its floor", "/scale (", "The same at 1/1024 of the loss scale"},
               [&] { trainer.update(0, 1, broken); });

  TrainerConfig large = with_scaler("static");
  large.loss_scaler->init = 0x1p127;
  Trainer scaled(
      optimizer, [](int64_t) { return 0.1; }, large);
  const auto steep = [&](int64_t) { return toy_loss(toy, 64); };
  for (int i = 0; i < 31; ++i) ASSERT_TRUE(scaled.update(0, 1, steep).skipped) << i;
  expect_error(ErrorKind::diverged, {"32 of the last 64 attempts", "Finite at 1/1024 of the loss scale"},
               [&] { scaled.update(0, 1, steep); });
}

TEST(LossScaling, MarianGoesOnWithPrunedGradients) {
  ToyModule toy;
  Adam optimizer(group_parameters(toy, {}), {});
  Trainer trainer(
      optimizer, [](int64_t) { return 0.1; }, with_scaler("marian-compat"));
  const std::vector<float> weights = toy.weight.value.value().to_vector<float>();
  const auto overflow = [&](int64_t) {
    LossSum loss = toy_loss(toy, 1);  // finite loss, infinite gradient
    loss.sum = record("steep", loss.sum.value(), {toy.weight.value},
                      [&](const Tensor&, GradSink& dx) { dx.add(0, ops::full(toy.weight.value.shape(), kInfinity)); });
    return loss;
  };
  const StepReport report = trainer.update(0, 1, overflow);
  EXPECT_FALSE(report.skipped);
  EXPECT_TRUE(std::isfinite(report.grad_norm));
  EXPECT_NE(toy.weight.value.value().to_vector<float>(), weights);
  EXPECT_EQ(trainer.loss_scaler()->scale(), 8);
}

/// An update below half a step of bf16 is lost without an f32 copy; rounded stochastically it arrives on average.
TEST(LossScaling, MatricesWithoutACopyNeedStochasticRounding) {
  const auto mean_after = [](bool stochastic) {
    ToyModule toy;
    toy.weight.value.mutable_value() = ops::full({4, 3}, 1);
    store_matrices(toy, PrecisionPolicy::bf16_sr);
    EXPECT_EQ(toy.weight.value.dtype(), DType::bf16);
    Adam optimizer(group_parameters(toy, {}), {});
    if (stochastic) optimizer.round_stochastically(3);
    for (int i = 0; i < 400; ++i) {
      toy.weight.value.set_grad(ops::full({4, 3}, 1));
      optimizer.step(1e-4);
    }
    double total = 0;
    for (const float value : toy.weight.value.value().to(DType::f32).to_vector<float>()) total += value;
    return total / 12;
  };
  EXPECT_EQ(mean_after(false), 1.0);
  EXPECT_NEAR(mean_after(true), 0.96, 0.015);
}

TEST(LossScaling, MomentsAndTheGradientNormHoldWhatF16CannotSquare) {
  ToyModule toy;
  store_matrices(toy, PrecisionPolicy::fp16_lean);
  Adam optimizer(group_parameters(toy, {}), {});
  toy.weight.value.set_grad(ops::full({4, 3}, 1e-5));  // its square is 0 in f16
  optimizer.step(0.1);
  const StateDict state = optimizer.state();
  EXPECT_EQ(state.tensors.at("weight.exp_avg_sq").dtype(), DType::f32);
  EXPECT_GT(state.tensors.at("weight.exp_avg_sq").to_vector<float>()[0], 0);
  toy.weight.value.set_grad(ops::full({4, 3}, 1e30));  // its square is infinite in f32
  const GradNorm norm = global_norm(optimizer.groups());
  EXPECT_EQ(norm.non_finite, 0);
  EXPECT_NEAR(norm.norm / 1e30, std::sqrt(12), 1e-5);
}

TEST(LossScaling, AveragesOfHalfMatricesAreF32) {
  ToyModule toy;
  store_matrices(toy, PrecisionPolicy::fp16_lean);
  Ema ema(group_parameters(toy, {}), {.decay = 0.5});
  const std::vector<float> before = toy.weight.value.value().to(DType::f32).to_vector<float>();
  toy.weight.value.mutable_value().fill_zero();
  ema.update(2);
  EXPECT_EQ(ema.state().tensors.at("weight").dtype(), DType::f32);
  {
    const EmaScope averaged(ema);
    const std::vector<float> inside = toy.weight.value.value().to(DType::f32).to_vector<float>();
    for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(inside[i], before[i] / 2);
  }
  EXPECT_EQ(toy.weight.value.value().to(DType::f32).to_vector<float>(), std::vector<float>(12, 0.0f));
}

}  // namespace
}  // namespace lowbit
