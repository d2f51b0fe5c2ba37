#include <gtest/gtest.h>

#include <map>

#include "autograd/precision.h"
#include "core/allocator.h"
#include "nn/loss/objective.h"
#include "nn/quant/recipe.h"
#include "tests/support/parity.h"

namespace lowbit {
namespace {

constexpr int64_t kRows = 2, kLength = 48;

Seq2SeqBatch whole_batch(const TransformerConfig& config) {
  const auto ids = [&](int32_t salt) {
    std::vector<int32_t> tokens;
    for (int32_t i = 0; i < kRows * kLength; ++i)
      tokens.push_back(4 + (i * 7 + salt) % static_cast<int32_t>(config.vocab - 4));
    return Tensor::from(Shape{kRows, kLength}, tokens);
  };
  const Tensor seen = Tensor::from(Shape{kRows, kLength}, std::vector<uint8_t>(kRows * kLength, 1));
  return {.source = ids(1),
          .source_visible = seen,
          .target_in = ids(2),
          .target_out = ids(3),
          .target_visible = seen,
          .target_tokens = kRows * kLength};
}

/// What one step of training leaves.
struct Step {
  double loss = 0;
  uint64_t draws = 0;
  size_t peak_bytes = 0;
  std::map<std::string, std::vector<float>> grads;
};

Step step_with(Recompute recompute, const char* recipe) {
  TransformerConfig config = transformer_preset("tiny");
  config.dropout = config.attention_dropout = config.activation_dropout = 0.1;
  Seq2Seq model(config, 3);
  if (recipe) apply(Recipe::load(recipe, {LB_TEST_DIR "/../recipes"}, {.activation = config.activation}), model);
  const Seq2SeqBatch batch = whole_batch(config);
  RandomState calibration{.key = 5}, random{.key = 6};
  cross_entropy_objective(model, batch, 0.1, {.training = true, .random = &calibration}).sum.backward();
  model.clear_grads();

  Allocator& memory = allocator({});
  memory.reset_peak();
  const size_t before = memory.bytes_in_use();
  Step step;
  const LossSum loss =
      cross_entropy_objective(model, batch, 0.1, {.training = true, .random = &random, .recompute = recompute});
  loss.sum.backward();
  step.peak_bytes = memory.bytes_peak() - before;
  step.loss = loss.sum.value().item();
  step.draws = random.position;
  model.each_parameter([&](const std::string& path, Parameter& parameter) {
    if (parameter.value.has_grad()) step.grads[path] = parameter.value.grad().to_vector<float>();
  });
  return step;
}

void expect_near(const Step& got, const Step& expected, double tolerance) {
  ASSERT_EQ(got.grads.size(), expected.grads.size());
  for (const auto& [path, grad] : expected.grads)
    EXPECT_TRUE(testing::all_near(got.grads.at(path), grad, tolerance)) << path;
}

class RecomputedStep : public ::testing::TestWithParam<const char*> {};

TEST_P(RecomputedStep, IsTheSameButForTheOrderOfSums) {
  const Step plain = step_with(Recompute::nothing, GetParam());
  for (const Recompute recompute : {Recompute::attention, Recompute::layers}) {
    const Step again = step_with(recompute, GetParam());
    EXPECT_EQ(again.loss, plain.loss);
    EXPECT_EQ(again.draws, plain.draws);
    expect_near(again, plain, 1e-5);
    EXPECT_LT(again.peak_bytes, plain.peak_bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Recipes, RecomputedStep, ::testing::Values(nullptr, "tbt-2-2-8", "tbt-1-1-1"),
                         [](const auto& test) {
                           std::string name = test.param ? test.param : "none";
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Recompute, KeepsGradientsThatAreHeldTimesAPowerOfTwo) {
  Precision precision(DType::bf16);
  precision.scale_gradients("decoder.*", 6);
  precision.scale_gradients("encoder.layers.1", 3);
  const PrecisionScope storage{precision};
  const Step plain = step_with(Recompute::nothing, nullptr);
  for (const Recompute recompute : {Recompute::attention, Recompute::layers})
    expect_near(step_with(recompute, nullptr), plain, 0.03);  // bf16 has eight bits
}

TEST(Recompute, ProbabilitiesCannotBeTraced) {
  Seq2Seq model(transformer_preset("tiny"), 3);
  const Seq2SeqBatch batch = whole_batch(model.config());
  RandomState random{.key = 6};
  for (const Recompute recompute : {Recompute::attention, Recompute::layers}) {
    const ForwardContext ctx{.training = true, .random = &random, .recompute = recompute};
    StackTrace all, states{.with_probs = false};
    EXPECT_THROW(model.encoder().forward(batch.source, batch.source_visible, ctx, &all), Error);
    model.encoder().forward(batch.source, batch.source_visible, ctx, &states);
    EXPECT_EQ(states.hidden.size(), 1 + static_cast<size_t>(model.config().encoder_layers));
    EXPECT_TRUE(states.self_probs.empty());
  }
}

}  // namespace
}  // namespace lowbit
