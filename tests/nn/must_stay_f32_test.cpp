// What stays f32 whatever a run stores activations in, a test a line; moments, averages and the gradient norm are in
// tests/optim/loss_scaling_test.cpp. Inputs are chosen so that the
// same arithmetic in f16 would overflow, flush or stagnate.
#include <gtest/gtest.h>

#include <cmath>

#include "autograd/functions/attention.h"
#include "autograd/functions/embedding.h"
#include "autograd/functions/loss.h"
#include "autograd/functions/matmul.h"
#include "autograd/functions/norm.h"
#include "autograd/functions/softmax.h"
#include "autograd/loss_scale.h"
#include "autograd/precision.h"
#include "core/random.h"
#include "nn/linear.h"
#include "nn/precision_policy.h"
#include "nn/quant/registry.h"
#include "nn/transformer/positions.h"

namespace lowbit {
namespace {

class MustStayF32 : public ::testing::Test {
 protected:
  const PrecisionScope f16_{Precision(DType::f16)};
};

Tensor halves(const Shape& shape, double low, double high, uint64_t seed) {
  return random_uniform(shape, low, high, seed).to(DType::f16);
}

std::vector<float> floats(const Tensor& x) { return x.to(DType::f32).to_vector<float>(); }

bool all_finite(const Tensor& x) {
  for (const float value : floats(x))
    if (!std::isfinite(value)) return false;
  return true;
}

TEST_F(MustStayF32, NormStatisticsAndBackwardSums) {
  const Variable x(halves({3, 512}, 900, 1100, 1), true);  // squares sum up to 5e8
  const Variable weight(random_uniform({512}, 0, 2, 2), true), bias(Tensor::zeros({512}), true);
  const Variable y = layer_norm(x, weight, bias, 1e-5);
  EXPECT_TRUE(all_finite(y.value()));
  double squares = 0;
  const Variable plain = layer_norm(x, {}, {}, 1e-5);
  for (const float value : floats(plain.value().rows(0, 1))) squares += double{value} * value;
  EXPECT_NEAR(squares / 512, 1, 1e-3);
  y.backward(halves({3, 512}, -300, 300, 3));
  EXPECT_TRUE(all_finite(x.grad()) && all_finite(weight.grad()));
}

TEST_F(MustStayF32, SoftmaxSumAndAttentionScores) {
  const Variable p = softmax(Variable(halves({1, 4096}, 0, 1e-3, 1)));
  double sum = 0;
  for (const float value : floats(p.value())) sum += value;
  EXPECT_NEAR(sum, 1, 1e-2) << "4096 addends of 2^-12: an f16 sum would stop at 2048 of them";
  // Scores of 8 * 150 * 150 = 180000 are beyond f16; their softmax is not.
  const Variable q(halves({1, 2, 8}, 140, 150, 2)), k(halves({1, 3, 8}, 140, 150, 3));
  EXPECT_TRUE(all_finite(attention_probs(q, k, {}, 1).value()));
}

TEST_F(MustStayF32, LogSoftmaxCrossEntropyAndLossSums) {
  const Variable logits(halves({2000, 50}, -4, 4, 1), true);
  const Tensor targets = Tensor::from({2000}, std::vector<int32_t>(2000, 7));
  const Variable loss = cross_entropy(logits, targets, 0.1, -1);
  EXPECT_EQ(loss.dtype(), DType::f32);
  const Variable wide = cross_entropy(Variable(logits.value().to(DType::f32)), targets, 0.1, -1);
  EXPECT_EQ(loss.value().item(), wide.value().item()) << "the sum of 2000 losses, to the last bit";
}

TEST_F(MustStayF32, SoftCrossEntropy) {
  const Variable student(halves({500, 50}, -4, 4, 1), true);
  const Tensor teacher = halves({500, 50}, -30, 30, 2), all = Tensor::from({500}, std::vector<uint8_t>(500, 1));
  const Variable loss = soft_cross_entropy(student, teacher, all, 1);
  const Variable wide = soft_cross_entropy(Variable(student.value().to(DType::f32)), teacher.to(DType::f32), all, 1);
  EXPECT_EQ(loss.value().item(), wide.value().item());
}

TEST_F(MustStayF32, EmbeddingGradientAddsUp) {
  const Variable table(Tensor::zeros({3, 4}), true);
  const Tensor ids = Tensor::from({5000}, std::vector<int32_t>(5000, 1));
  stored(embedding(table, ids, 1, -1)).backward(Tensor::from({5000, 4}, std::vector<float>(20000, 1)).to(DType::f16));
  EXPECT_EQ(table.grad().rows(1, 2).to_vector<float>(), std::vector<float>(4, 5000)) << "f16 would stay at 2048";
}

TEST_F(MustStayF32, BiasAndGainGradients) {
  const Variable x(halves({5000, 4}, 1, 1, 1)), weight(Tensor::zeros({2, 4}), true), bias(Tensor::zeros({2}), true);
  linear(x, weight, bias).backward(Tensor::from({5000, 2}, std::vector<float>(10000, 1)).to(DType::f16));
  EXPECT_EQ(bias.grad().to_vector<float>(), std::vector<float>(2, 5000));
  EXPECT_EQ(weight.grad().to_vector<float>(), std::vector<float>(8, 5000));
}

TEST_F(MustStayF32, QuantizerStatisticsScaleAndReciprocal) {
  for (const char* spec : {"absmax bits=8", "tbt_weight bits=2", "bwn", "twn", "minmax bits=8 shift=min"}) {
    QuantSlot slot;
    slot.assign(spec);
    for (const float magnitude : {65504.0f, 1.0f, 0x1p-24f}) {
      Tensor x = Tensor::zeros({2, 300});  // the second row is a zero group
      for (int i = 0; i < 300; ++i) x.mutable_data<float>()[i] = (i % 2 ? -1.0f : 1.0f) * magnitude;
      const Encoded wide = slot.encode(x, {});
      const Variable half = slot(Variable(x.to(DType::f16), true), {});
      EXPECT_EQ(floats(half.value()), dequantize(wide.q).to(DType::f16).to(DType::f32).to_vector<float>())
          << spec << " at " << magnitude;
      EXPECT_TRUE(all_finite(wide.q.scale)) << spec;
      half.backward(halves({2, 300}, -1, 1, 5));
    }
  }
}

TEST_F(MustStayF32, LearnedScalesAndTheirGradients) {
  for (const char* spec : {"elastic bits=2", "lsq bits=2"}) {
    QuantSlot slot;
    slot.assign(spec);
    const Tensor x = halves({64, 512}, -2, 2, 1), dy = Tensor::from({64, 512}, std::vector<float>(64 * 512, 0x1p-14f));
    slot(Variable(x), {.training = true});
    const Variable& scale = slot.parameters().front()->value;
    slot(Variable(x, true), {}).backward(dy.to(DType::f16));
    const float half = scale.grad().to_vector<float>()[0];
    slot.parameters().front()->value.clear_grad();
    const PrecisionScope f32{Precision(DType::f32)};
    slot(Variable(x.to(DType::f32), true), {}).backward(dy);
    EXPECT_EQ(half, scale.grad().to_vector<float>()[0])
        << spec << ": the LSQ factor 1/sqrt(n Q) is applied to f32 sums";
    EXPECT_NE(half, 0.0f);
  }
}

TEST_F(MustStayF32, ConstraintVectorsAndTheirGradients) {
  Linear layer({.in = 4, .out = 2}, 1);
  layer.each_slot([](const std::string& path, Slot& slot) {
    if (path == "output_scale") slot.assign("vector init=ones");
  });
  Parameter* h = nullptr;
  layer.each_parameter([&](const std::string& path, Parameter& parameter) {
    if (path == "output_scale.vector") h = &parameter;
  });
  ASSERT_NE(h, nullptr);
  Linear& constrained = layer;
  const Variable y = constrained.forward(Variable(halves({6000, 4}, 1, 1, 2)), {});
  EXPECT_EQ(y.dtype(), DType::f16);
  y.backward(Tensor::from({6000, 2}, std::vector<float>(12000, 1)).to(DType::f16));
  EXPECT_EQ(h->value.grad().dtype(), DType::f32);
  const std::vector<float> row = floats(y.value().rows(0, 1));
  EXPECT_NEAR(h->value.grad().to_vector<float>()[0], 6000 * row[0], 6000 * std::abs(row[0]) * 1e-3);
}

TEST_F(MustStayF32, MatricesOfALeanPolicyOnly) {
  Linear layer({.in = 4, .out = 2}, 1);
  store_matrices(layer, PrecisionPolicy::fp16_lean);
  layer.each_parameter([](const std::string& path, Parameter& parameter) {
    EXPECT_EQ(parameter.value.dtype(), path == "weight" ? DType::f16 : DType::f32) << path;
  });
}

TEST_F(MustStayF32, PositionTables) {
  const Tensor table = sinusoidal_table(300, 32);
  EXPECT_EQ(table.dtype(), DType::f32);
}

TEST_F(MustStayF32, TheLossScaleIsExact) {
  const LossScaleScope scope(0x1p24);
  EXPECT_EQ(loss_scale(), 16777216.0);
}

TEST_F(MustStayF32, RowsMaskedEverywhereAreZerosForwardAndBackward) {
  const Variable q(halves({1, 2, 8}, -1, 1, 1), true), k(halves({1, 3, 8}, -1, 1, 2), true);
  const Tensor nothing = Tensor::from<uint8_t>({1, 3}, {0, 0, 0});
  const Variable probs = attention_probs(q, k, {.key_visible = nothing}, 1);
  EXPECT_EQ(floats(probs.value()), std::vector<float>(6, 0.0f));
  probs.backward(halves({1, 1, 2, 3}, -1, 1, 3));
  EXPECT_EQ(floats(q.grad()), std::vector<float>(16, 0.0f));
  EXPECT_EQ(floats(k.grad()), std::vector<float>(24, 0.0f));
}

/// An epsilon that f16 cannot hold still counts: it is added to an f32 variance.
TEST_F(MustStayF32, EpsilonsNeverFlush) {
  const Variable constant(Tensor::from({1, 8}, std::vector<float>(8, 3)).to(DType::f16), true);
  for (const double eps : {1e-5, 1e-8, 1e-12}) {
    const Variable y = layer_norm(constant, {}, {}, eps);
    EXPECT_EQ(floats(y.value()), std::vector<float>(8, 0.0f)) << eps;
    y.backward(halves({1, 8}, 1, 1, 1));
  }
  EXPECT_TRUE(all_finite(constant.grad()));
}

}  // namespace
}  // namespace lowbit
