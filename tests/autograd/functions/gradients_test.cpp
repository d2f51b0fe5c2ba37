#include "autograd/functions/attention.h"
#include "autograd/functions/dropout.h"
#include "autograd/functions/elementwise.h"
#include "autograd/functions/embedding.h"
#include "autograd/functions/matmul.h"
#include "autograd/functions/norm.h"
#include "autograd/functions/reduce.h"
#include "autograd/functions/softmax.h"
#include "core/random.h"
#include "tests/support/gradcheck.h"

/// Every differentiable function against finite differences in f64; a new one adds a row.
namespace lowbit {
namespace {

using testing::gradcheck;

Tensor f64(const Shape& shape, uint64_t seed) { return random_uniform(shape, -1, 1, seed, DType::f64); }

struct Case {
  const char* name;
  testing::DifferentiableFn fn;
  std::vector<Shape> shapes;
};

TEST(Gradcheck, Functions) {
  const std::vector<Case> cases = {
      {"gelu", [](const auto& v) { return unary(Unary::gelu, v[0]); }, {{2, 5}}},
      {"gelu_tanh", [](const auto& v) { return unary(Unary::gelu_tanh, v[0]); }, {{2, 5}}},
      {"silu", [](const auto& v) { return unary(Unary::silu, v[0]); }, {{2, 5}}},
      {"tanh", [](const auto& v) { return unary(Unary::tanh, v[0]); }, {{2, 5}}},
      {"sigmoid", [](const auto& v) { return unary(Unary::sigmoid, v[0]); }, {{2, 5}}},
      {"relu", [](const auto& v) { return unary(Unary::relu, v[0]); }, {{2, 5}}},
      {"add", [](const auto& v) { return add(v[0], v[1]); }, {{2, 3}, {2, 3}}},
      {"scale", [](const auto& v) { return scale(v[0], -1.5); }, {{2, 3}}},
      {"linear", [](const auto& v) { return linear(v[0], v[1], v[2]); }, {{2, 3, 4}, {5, 4}, {5}}},
      {"linear without bias", [](const auto& v) { return linear(v[0], v[1], {}); }, {{3, 4}, {5, 4}}},
      {"linear twice, by one weight",
       [](const auto& v) { return linear(linear(v[0], v[1], v[2]), v[1], v[2]); },
       {{2, 4}, {4, 4}, {4}}},
      {"embedding and linear, by one table",
       [](const auto& v) {
         return linear(embedding(v[0], Tensor::from<int32_t>(Shape{4}, {1, 0, 3, 1}), 1.5, -1), v[0], {});
       },
       {{5, 3}}},
      {"embedding",
       [](const auto& v) {
         return embedding(v[0], Tensor::from<int32_t>(Shape{2, 3}, {1, 0, 4, 1, 1, 2}), 1.5, -1);
       },
       {{5, 3}}},
      {"attention_probs", [](const auto& v) { return attention_probs(v[0], v[1], {}, 2); }, {{2, 3, 6}, {2, 4, 6}}},
      {"attention_probs masked",
       [](const auto& v) {
         const AttentionMask mask = {Tensor::from<uint8_t>(Shape{2, 5}, {1, 1, 0, 1, 1, 0, 0, 0, 0, 0}), true};
         return attention_probs(v[0], v[1], mask, 1);
       },
       {{2, 3, 4}, {2, 5, 4}}},
      {"attention_context", [](const auto& v) { return attention_context(v[0], v[1]); }, {{2, 2, 3, 4}, {2, 4, 6}}},
      {"dropout", [](const auto& v) { return dropout(v[0], 0.3, 9); }, {{4, 40}}},
      {"dropout_add", [](const auto& v) { return dropout_add(v[0], v[1], 0.3, 9); }, {{4, 40}, {4, 40}}},
      {"layer_norm", [](const auto& v) { return layer_norm(v[0], v[1], v[2], 1e-5); }, {{2, 9, 5}, {5}, {5}}},
      {"layer_norm bare", [](const auto& v) { return layer_norm(v[0], {}, {}, 1e-5); }, {{3, 5}}},
      {"rms_norm", [](const auto& v) { return rms_norm(v[0], v[1], 1e-5); }, {{3, 5}, {5}}},
      {"sum", [](const auto& v) { return sum(v[0]); }, {{3, 4}}},
      {"mean", [](const auto& v) { return mean(v[0]); }, {{3, 4}}},
      {"softmax", [](const auto& v) { return softmax(v[0]); }, {{3, 5}}},
      {"softmax of one", [](const auto& v) { return softmax(v[0]); }, {{3, 1}}},
  };
  for (const Case& c : cases) {
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < c.shapes.size(); ++i) inputs.push_back(f64(c.shapes[i], i + 3));
    EXPECT_TRUE(gradcheck(c.fn, inputs)) << c.name;
  }
}

TEST(Cast, TheGradientReturnsInTheTypeOfTheInput) {
  Variable x(random_uniform(Shape{4}, -1, 1, 1), true);
  const Variable y = cast(x, DType::f16);
  EXPECT_EQ(y.dtype(), DType::f16);
  y.backward(Tensor::from<float>(Shape{4}, {1, 2, 3, 4}).to(DType::f16));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace lowbit
