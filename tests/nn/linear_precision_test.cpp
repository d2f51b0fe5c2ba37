// How a layer multiplies: MatmulPrecision.
#include <gtest/gtest.h>

#include "core/ops/matmul.h"
#include "core/random.h"
#include "nn/linear.h"
#include "tests/support/relative_distance.h"

namespace lowbit {
namespace {

constexpr int64_t kInputs = 37, kOutputs = 19, kInputRows = 11;

/// Values and gradients of x and the weight of one layer under a precision.
struct Pass {
  std::vector<float> y, dx, dw;
};
Pass run_layer(const std::string& weight, const std::string& input, ops::MatmulPrecision precision) {
  const ops::MatmulPrecisionScope scope(precision);
  Linear linear({.in = kInputs, .out = kOutputs}, 3);
  linear.each_slot([&](const std::string& path, Slot& slot) {
    if (path == "weight") slot.assign(weight);
    if (path == "input") slot.assign(input);
  });
  RandomState random{.key = 1};
  const Variable x(random_normal({kInputRows, kInputs}, 0, 0.8, 5), true);
  const Variable y = linear.forward(x, {.training = true, .random = &random});
  y.backward(random_normal({kInputRows, kOutputs}, 0, 1, 6));
  return {y.value().to_vector<float>(), x.grad().to_vector<float>(), linear.weight().value.grad().to_vector<float>()};
}

TEST(LinearPrecision, Bf16RoundsProductsOfFloatsOnly) {
  for (const auto& [weight, input] : {std::pair{"none", "none"}, std::pair{"tbt_weight bits=2", "absmax bits=8"}}) {
    const Pass exact = run_layer(weight, input, ops::MatmulPrecision::f32);
    const Pass rounded = run_layer(weight, input, ops::MatmulPrecision::bf16);
    const bool integers = std::string(weight) != "none";
    if (integers)
      EXPECT_EQ(rounded.y, exact.y) << "the forward runs on codes";
    else
      EXPECT_LT(testing::relative_distance(exact.y, rounded.y), 0x1p-8);
    for (const auto& [a, b] : {std::pair{exact.dx, rounded.dx}, std::pair{exact.dw, rounded.dw}}) {
      EXPECT_LT(testing::relative_distance(a, b), 0x1p-8);
      EXPECT_NE(a, b);
    }
  }
}

TEST(LinearPrecision, Int8IsCloseAndForCodesOnly) {
  const auto pass = [](const char* weight, ops::MatmulPrecision precision) {
    return run_layer(weight, std::string(weight) == "none" ? "none" : "absmax bits=8", precision);
  };
  const Pass exact = pass("tbt_weight bits=2", ops::MatmulPrecision::f32);
  const Pass rounded = pass("tbt_weight bits=2", ops::MatmulPrecision::int8);
  for (const auto& [a, b] : {std::pair{exact.dx, rounded.dx}, std::pair{exact.dw, rounded.dw}}) {
    EXPECT_LT(testing::relative_distance(a, b), 0.015);
    EXPECT_GT(testing::relative_distance(a, b), 0.001);
  }
  EXPECT_EQ(pass("none", ops::MatmulPrecision::int8).dx, pass("none", ops::MatmulPrecision::bf16).dx);
}

TEST(LinearPrecision, Int8TakesHalfGradientsAndLeavesTooManyOutputsToBf16) {
  const auto gradients = [](int64_t out, DType storage, ops::MatmulPrecision precision) {
    const ops::MatmulPrecisionScope scope(precision);
    Linear layer({.in = 8, .out = out}, 3);
    layer.each_slot([](const std::string& path, Slot& slot) {
      if (path == "weight") slot.assign("tbt_weight bits=2");
      if (path == "input") slot.assign("absmax bits=8");
    });
    const Variable x(random_normal({kInputRows, 8}, 0, 1, 5).to(storage), true);
    const Variable y = layer.forward(x, {.training = true});
    y.backward(random_normal({kInputRows, out}, 0, 1, 6).to(storage));
    return std::pair(x.grad().to_vector<float>(), layer.weight().value.grad().to_vector<float>());
  };
  using enum ops::MatmulPrecision;
  const auto whole = gradients(kOutputs, DType::f32, f32);
  for (const DType storage : {DType::f16, DType::bf16}) {
    const auto half = gradients(kOutputs, storage, int8);
    EXPECT_LT(testing::relative_distance(whole.first, half.first), 0.03);
    EXPECT_LT(testing::relative_distance(whole.second, half.second), 0.03);
  }
  EXPECT_EQ(gradients(kMaxColumns + 1, DType::f32, int8), gradients(kMaxColumns + 1, DType::f32, bf16));
}

}  // namespace
}  // namespace lowbit
