#include "autograd/chunked.h"

#include "autograd/functions/elementwise.h"
#include "autograd/functions/loss.h"
#include "autograd/functions/softmax.h"
#include "autograd/grad_mode.h"
#include "autograd/precision.h"
#include "autograd/recompute.h"
#include "core/random.h"
#include "tests/support/gradcheck.h"

namespace lowbit {
namespace {

using testing::gradcheck;

Tensor f64(const Shape& shape, uint64_t seed) { return random_uniform(shape, -1, 1, seed, DType::f64); }

/// A loss of rows that also depends on a parameter of one row.
Variable row_loss(const Variable& rows, const Variable& parameter, int64_t begin) {
  const std::vector<uint8_t> all(static_cast<size_t>(rows.shape()[0]), 1);
  Variable sum = masked_squared_error(unary(Unary::tanh, rows), Tensor::zeros(rows.shape(), DType::f64),
                                      Tensor::from(Shape{rows.shape()[0]}, all));
  const Variable shared = masked_squared_error(parameter, Tensor::zeros(parameter.shape(), DType::f64),
                                               Tensor::from<uint8_t>(Shape{1}, {1}));
  return add(sum, scale(shared, static_cast<double>(rows.shape()[0]) * 0.5 + static_cast<double>(begin)));
}

TEST(ChunkedRows, EqualsFiniteDifferencesForAnyChunk) {
  for (const int64_t chunk : {1, 2, 3, 100}) {
    const auto fn = [chunk](const std::vector<Variable>& v) {
      return scale(chunked_rows(v[0], chunk, {v[1]},
                                [&](const Variable& rows, int64_t begin) { return row_loss(rows, v[1], begin); }),
                   1.5);
    };
    EXPECT_TRUE(gradcheck(fn, {f64({5, 3}, 1), f64({1, 4}, 2)})) << "chunk " << chunk;
  }
}

TEST(ChunkedRows, LeavesEarlierGradientsOfParametersAlone) {
  Variable parameter(f64({1, 4}, 3), true), hidden(f64({4, 2}, 4), true);
  const Tensor earlier = f64({1, 4}, 5);
  parameter.set_grad(earlier);
  const Variable loss = chunked_rows(hidden, 2, {parameter},
                                     [&](const Variable& rows, int64_t b) { return row_loss(rows, parameter, b); });
  EXPECT_EQ(parameter.grad().to_vector<double>(), earlier.to_vector<double>());
  loss.backward();
  EXPECT_NE(parameter.grad().to_vector<double>(), earlier.to_vector<double>());
}

TEST(ChunkedRows, GivesOnlyTheValueWithoutGradMode) {
  Variable parameter(f64({1, 4}, 3), true), hidden(f64({4, 2}, 4), true);
  const auto fn = [&](const Variable& rows, int64_t b) { return row_loss(rows, parameter, b); };
  const double with = chunked_rows(hidden, 2, {parameter}, fn).value().item();
  GradMode off(false);
  const Variable loss = chunked_rows(hidden, 2, {parameter}, fn);
  EXPECT_FALSE(loss.requires_grad());
  EXPECT_EQ(loss.value().item(), with);
}

TEST(Recompute, GivesTheGradientsOfTheSegment) {
  Variable captured(f64({2, 3}, 7), true);
  const Segment segment = [&](const std::vector<Variable>& in) {
    return add(softmax(in[0]), add(unary(Unary::square, in[1]), captured));
  };
  EXPECT_TRUE(gradcheck([&](const auto& v) { return recompute(segment, v); }, {f64({2, 3}, 5), f64({2, 3}, 6)}));
  captured.clear_grad();
  Variable a(f64({2, 3}, 5), true), b(f64({2, 3}, 6));
  recompute(segment, {a, b}).backward(f64({2, 3}, 8));
  EXPECT_EQ(captured.grad().to_vector<double>(), f64({2, 3}, 8).to_vector<double>());
}

/// 2^-28 is nothing in f16, but for what holds it times 2^12.
TEST(Recompute, KeepsWhatIsHeldTimesAPowerOfTwo) {
  Precision precision(DType::f16);
  precision.scale_gradients("*", 12);
  const PrecisionScope storage{precision};
  const Segment segment = [](const std::vector<Variable>& in) { return scale(add(in[0], in[0]), 0x1p-8); };
  for (const bool again : {false, true}) {
    SiteScope site("part");
    Variable x(Tensor::from<float>(Shape{1}, {1.0f}), true);
    const Variable y = scale(x, 1);
    scale(again ? recompute(segment, {y}) : segment({y}), 1).backward(Tensor::from<float>(Shape{1}, {0x1p-20f}));
    EXPECT_EQ(x.grad().item(), 0x1p-27) << again;
  }
}

}  // namespace
}  // namespace lowbit
