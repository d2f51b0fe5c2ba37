#include "autograd/precision.h"

#include <gtest/gtest.h>

#include <functional>

#include "autograd/functions/dropout.h"
#include "autograd/functions/elementwise.h"
#include "autograd/functions/matmul.h"
#include "autograd/functions/norm.h"
#include "autograd/functions/softmax.h"
#include "core/ops/softmax.h"
#include "core/random.h"

namespace lowbit {
namespace {

using Fn = std::function<Variable(const std::vector<Variable>&)>;

struct Pass {
  Tensor y;
  std::vector<Tensor> grads;
};

/// fn of f32 leaves, its results stored in `storage`, and their gradients from a random one that bf16 and f16 hold.
Pass run(DType storage, const Fn& fn, const std::vector<Tensor>& inputs) {
  const PrecisionScope scope{Precision(storage)};
  std::vector<Variable> leaves;
  for (const Tensor& input : inputs) leaves.emplace_back(input, true);
  const Variable y = fn(leaves);
  y.backward(random_normal(y.shape(), 0, 1, 9).to(DType::bf16).to(DType::f16).to(y.dtype()));
  Pass pass{y.value(), {}};
  for (const Variable& leaf : leaves) pass.grads.push_back(leaf.grad());
  return pass;
}

std::vector<float> rounded(const Tensor& x, DType storage) { return x.to(storage).to(DType::f32).to_vector<float>(); }

struct Case {
  const char* name;
  Fn fn;
  std::vector<Shape> inputs;
  size_t activations;  ///< how many of them, from the first; the rest are parameters, whose gradients are f32
};

/// The reference that every half op must equal bit for bit: the f32 op on the same values, rounded once.
class HalfOps : public ::testing::TestWithParam<Case> {};

TEST_P(HalfOps, AreTheF32OpRoundedOnce) {
  const Case& c = GetParam();
  for (const DType storage : {DType::f16, DType::bf16}) {
    std::vector<Tensor> inputs;
    for (const Shape& shape : c.inputs)
      inputs.push_back(random_normal(shape, 0, 2, inputs.size() + 1).to(storage).to(DType::f32));
    const Pass wide = run(DType::f32, c.fn, inputs), half = run(storage, c.fn, inputs);
    EXPECT_EQ(half.y.dtype(), storage);
    EXPECT_EQ(half.y.to(DType::f32).to_vector<float>(), rounded(wide.y, storage)) << to_string(storage);
    for (size_t i = 0; i < inputs.size(); ++i)
      EXPECT_EQ(half.grads[i].to_vector<float>(),
                i < c.activations ? rounded(wide.grads[i], storage) : wide.grads[i].to_vector<float>())
          << to_string(storage) << ", input " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, HalfOps,
    ::testing::Values(
        Case{"linear", [](const auto& v) { return linear(v[0], v[1], v[2]); }, {{5, 33}, {7, 33}, {7}}, 1},
        Case{"layer_norm", [](const auto& v) { return layer_norm(v[0], v[1], v[2], 1e-5); }, {{5, 40}, {40}, {40}}, 1},
        Case{"rms_norm", [](const auto& v) { return rms_norm(v[0], v[1], 1e-5); }, {{5, 40}, {40}}, 1},
        Case{"gelu", [](const auto& v) { return gelu(v[0]); }, {{5, 40}}, 1},
        Case{"add", [](const auto& v) { return add(v[0], v[1]); }, {{5, 40}, {5, 40}}, 2},
        Case{"scale", [](const auto& v) { return scale(v[0], 0.3); }, {{5, 40}}, 1},
        Case{"dropout", [](const auto& v) { return dropout(v[0], 0.4, 3); }, {{5, 40}}, 1},
        Case{"dropout_add", [](const auto& v) { return dropout_add(v[0], v[1], 0.4, 3); }, {{5, 40}, {5, 40}}, 2}),
    [](const auto& row) { return row.param.name; });

/// What an op keeps for its backward is what it stored.
TEST(Precision, BackwardReadsTheRoundedResult) {
  const PrecisionScope scope{Precision(DType::f16)};
  const Tensor x = random_normal({5, 40}, 0, 2, 1).to(DType::f16), dy = random_normal({5, 40}, 0, 1, 2).to(DType::f16);
  const Variable leaf(x, true);
  const Variable y = softmax(leaf);
  const Tensor wide = ops::softmax(x.to(DType::f32));
  EXPECT_EQ(y.value().to(DType::f32).to_vector<float>(), rounded(wide, DType::f16));
  y.backward(dy);
  const Tensor expected = ops::softmax_backward(y.value().to(DType::f32), dy.to(DType::f32));
  EXPECT_EQ(leaf.grad().to_vector<float>(), rounded(expected, DType::f16));
}

TEST(Precision, RulesNameModulesAndWhatIsBelowThem) {
  Precision precision(DType::f16);
  precision.store("decoder.*.encoder_attn.q_proj", DType::f32);
  precision.store("{encoder,decoder}.layers.1", DType::bf16);
  precision.scale_gradients("encoder", 6);
  EXPECT_EQ(precision.at("decoder.layers.0.encoder_attn.q_proj").storage, DType::f32);
  EXPECT_EQ(precision.at("decoder.layers.0.encoder_attn.k_proj").storage, DType::f16);
  EXPECT_EQ(precision.at("decoder.layers.1.encoder_attn.q_proj").storage, DType::bf16) << "the last rule wins";
  EXPECT_EQ(precision.at("decoder.layers.10.fc1").storage, DType::f16) << "layers.1 is no prefix of layers.10";
  EXPECT_EQ(precision.at("encoder.layers.0.fc1").grad_exponent, 6);
  EXPECT_EQ(precision.at("").storage, DType::f16);
  EXPECT_EQ(precision.unmatched({"encoder.layers.1", "decoder.layers.0.fc1"}),
            std::vector<std::string>{"decoder.*.encoder_attn.q_proj"});
}

TEST(Precision, SitesCastWhatTheyReadAndScalarsStay) {
  Precision precision(DType::f16);
  precision.store("wide", DType::f32);
  const PrecisionScope scope(precision);
  const Variable x(Tensor::from<float>({2}, {1, 2}), true);
  const Variable inner = in_scope("narrow", [&] { return scale(x, 3); });
  const Variable outer = in_scope("wide", [&] { return scale(inner, 3); });
  EXPECT_EQ(inner.dtype(), DType::f16);
  EXPECT_EQ(outer.dtype(), DType::f32);
  outer.backward(Tensor::from<float>({2}, {1, 1}));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{9, 9}));
  EXPECT_EQ(scale(Variable(Tensor::scalar(1e6f)), 2).value().item(), 2e6) << "a loss beyond the range of f16";
  const Variable checked(Tensor::from<double>({2}, {1, 2}));
  EXPECT_EQ(scale(checked, 3).dtype(), DType::f64);
}

TEST(Precision, HalfLeavesCollectGradientsInF32) {
  const Variable leaf(Tensor::from<float>({1}, {1}).to(DType::f16), true);
  for (int i = 0; i < 4096; ++i) cast(leaf, DType::f32).backward(Tensor::from<float>({1}, {1}));
  EXPECT_EQ(leaf.grad().dtype(), DType::f32);
  for (int i = 0; i < 3; ++i) cast(leaf, DType::f32).backward(Tensor::from<float>({1}, {0.25f}));
  EXPECT_EQ(leaf.grad().to_vector<float>(), std::vector<float>{4096.75f}) << "f16 would have stayed at 4096";
}

/// A gradient of 2^-26 vanishes in f16; held times 2^10 inside the module it arrives.
TEST(Precision, ExponentsCarryGradientsThatWouldVanish) {
  const auto gradient_with = [](int exponent) {
    Precision precision(DType::f16);
    precision.scale_gradients("small", exponent);
    const PrecisionScope scope(precision);
    const Variable x(Tensor::from<float>({1, 1}, {1}), true), w(Tensor::from<float>({1, 1}, {0x1p-14f}), true);
    const Variable y = in_scope("small", [&] { return scale(linear(x, w, {}), 0x1p-12); });
    y.backward(Tensor::from<float>({1, 1}, {1}).to(DType::f16));
    return std::pair(x.grad().to_vector<float>()[0], w.grad().to_vector<float>()[0]);
  };
  EXPECT_EQ(gradient_with(0), std::pair(0.0f, 0x1p-12f));
  EXPECT_EQ(gradient_with(10), std::pair(0x1p-26f, 0x1p-12f));
}

}  // namespace
}  // namespace lowbit
