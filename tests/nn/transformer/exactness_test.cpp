#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "autograd/grad_mode.h"
#include "core/ops/copy.h"
#include "nn/model_state.h"
#include "nn/quant/recipe.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {
namespace {

/// Default recipes are token-local: neither padding, nor the rest of the batch, nor decoding step by step, nor packing
/// changes one bit of a token's logits.
class ExactRecipe : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr int64_t kBatch = 3, kSource = 6, kTarget = 5;

  ExactRecipe() : model_(config(), 7) {
    const std::string folder = LB_TEST_DIR "/../recipes";
    apply(Recipe::load(GetParam(), {folder}, {.activation = config().activation}), model_);
    RandomState random{.key = 5};
    forward(source_, visible_, target_, {.training = true, .random = &random});  // calibrates learned scales
  }

  static TransformerConfig config() {
    TransformerConfig c = transformer_preset("tiny");
    c.vocab = 37;
    return c;
  }

  Tensor forward(const Tensor& source, const Tensor& visible, const Tensor& target, const ForwardContext& ctx = {}) {
    GradMode off(false);
    const EncoderOutput memory = model_.encoder().forward(source, visible, ctx);
    return model_.logits(model_.decoder().forward(target, memory, ctx), ctx).value();
  }

  static Tensor ids(int64_t rows, int64_t columns, int32_t seed) {
    std::vector<int32_t> values;
    for (int64_t i = 0; i < rows * columns; ++i) values.push_back(static_cast<int32_t>(4 + (i * 17 + seed * 5) % 33));
    return Tensor::from(Shape{rows, columns}, values);
  }
  static Tensor full(const Shape& shape, uint8_t value) {
    return Tensor::from(shape, std::vector<uint8_t>(static_cast<size_t>(shape.numel()), value));
  }

  Seq2Seq model_;
  Tensor source_ = ids(kBatch, kSource, 1), visible_ = full({kBatch, kSource}, 1), target_ = ids(kBatch, kTarget, 2);
};

void expect_same_bits(const Tensor& a, const Tensor& b, const char* what) {
  ASSERT_EQ(a.shape(), b.shape());
  EXPECT_EQ(std::memcmp(a.raw(), b.raw(), a.bytes()), 0) << what;
}

TEST_P(ExactRecipe, PaddingChangesNothing) {
  const Tensor padding = Tensor::from(Shape{kBatch, 3}, std::vector<int32_t>(kBatch * 3, 1));
  const Tensor source = ops::concat({source_, padding}, 1), visible = ops::concat({visible_, full({kBatch, 3}, 0)}, 1);
  const Tensor target = ops::concat({target_, padding}, 1);
  const Tensor padded = forward(source, visible, target), plain = forward(source_, visible_, target_);
  for (int64_t b = 0; b < kBatch; ++b)
    expect_same_bits(padded.rows(b, b + 1).reshape({kTarget + 3, 37}).rows(0, kTarget),
                     plain.rows(b, b + 1).reshape({kTarget, 37}), "padding");
}

TEST_P(ExactRecipe, TheRestOfTheBatchChangesNothing) {
  const Tensor all = forward(source_, visible_, target_);
  for (int32_t b = 0; b < kBatch; ++b) {
    const std::vector<int32_t> row = {b};
    const Tensor alone =
        forward(ops::index_select(source_, row), ops::index_select(visible_, row), ops::index_select(target_, row));
    expect_same_bits(alone, all.rows(b, b + 1), "batch");
  }
}

TEST_P(ExactRecipe, DecodingStepByStepChangesNothing) {
  GradMode off(false);
  const EncoderOutput memory = model_.encoder().forward(source_, visible_, {});
  const Tensor all = model_.logits(model_.decoder().forward(target_, memory, {}), {}).value();
  Decoder::Cache cache;
  for (int64_t t = 0; t < kTarget; ++t) {
    std::vector<int32_t> column;
    for (int64_t b = 0; b < kBatch; ++b) column.push_back(target_.data<int32_t>()[b * kTarget + t]);
    const Tensor step =
        model_.logits(model_.decoder().step(Tensor::from(Shape{kBatch, 1}, column), memory, cache, {}), {}).value();
    for (int64_t b = 0; b < kBatch; ++b)
      expect_same_bits(step.rows(b, b + 1).reshape({1, 37}), all.rows(b, b + 1).reshape({kTarget, 37}).rows(t, t + 1),
                       "step");
  }
}

TEST_P(ExactRecipe, PackingAndReloadingChangeNothing) {
  const Tensor before = forward(source_, visible_, target_);
  const auto reloaded = model_from_state(model_state(model_), "memory");
  freeze_tree(model_);
  expect_same_bits(forward(source_, visible_, target_), before, "freeze");
  const auto packed = model_from_state(model_state(model_), "memory");
  for (Seq2Seq* other : {reloaded.get(), packed.get()}) {
    GradMode off(false);
    const EncoderOutput memory = other->encoder().forward(source_, visible_, {});
    expect_same_bits(other->logits(other->decoder().forward(target_, memory, {}), {}).value(), before, "reload");
  }
}

INSTANTIATE_TEST_SUITE_P(Recipes, ExactRecipe,
                         ::testing::Values("tbt-2-2-8", "tbt-1-1-8", "tbt-2-2-2", "tbt-1-1-1", "tbt-2-2-8-o4",
                                           "tbt-1-1-8-o1", "twn-2-2-8", "bwn-1-1-8", "w8a8"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace lowbit
