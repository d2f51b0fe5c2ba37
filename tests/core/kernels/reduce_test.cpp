#include "core/ops/reduce.h"

#include "core/kernels/row_blocks.h"
#include "tests/support/parity.h"

namespace lowbit {
namespace {

using testing::all_near;
using testing::cpu;
using testing::kRaggedSizes;
using testing::random_floats;

TEST(Summary, EqualsASequentialPass) {
  for (const int64_t n : {int64_t{0}, int64_t{1}, int64_t{1023}, int64_t{1024}, int64_t{200001}}) {
    const Tensor x = random_uniform(Shape{n}, -3, 5, 7);
    double sum = 0, squares = 0, top = 0;
    for (const float value : x.to_vector<float>()) {
      sum += value, squares += double{value} * value;
      top = std::max(top, std::abs(double{value}));
    }
    const Summary s = ops::summarise(x);
    EXPECT_NEAR(s.sum, sum, 1e-9 * (1 + std::abs(sum)));
    EXPECT_NEAR(s.sum_squares, squares, 1e-9 * (1 + squares));
    EXPECT_EQ(s.absmax, top);
    EXPECT_EQ(s.nonfinite, 0);
  }
}

TEST(Summary, CountsWhatIsNotFiniteAndKeepsItOutOfTheMaximum) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::f64}) {
    std::vector<float> x(100, 0.5f);
    x[3] = NAN, x[40] = INFINITY, x[99] = -INFINITY, x[50] = -2;
    const Summary s = ops::summarise(Tensor::from(Shape{100}, x).to(dtype));
    EXPECT_EQ(s.nonfinite, 3);
    EXPECT_EQ(s.absmax, 2);
    EXPECT_TRUE(std::isnan(s.sum));
  }
}

TEST(Summary, AListCountsAsOneTensor) {
  const Tensor x = random_uniform(Shape{300}, -1, 1, 5);
  const std::vector<Tensor> parts = {x.rows(0, 100), Tensor(), x.rows(100, 300)};
  EXPECT_NEAR(ops::summarise(parts).sum_squares, ops::summarise(x).sum_squares, 1e-12);
  EXPECT_EQ(ops::summarise(parts).absmax, ops::summarise(x).absmax);
}

TEST(ReduceKernels, TargetsAgreeBitForBit) {
  testing::for_each_target(
      reduce_impls(), [](const std::string& name, const ReduceKernels& generic, const ReduceKernels& fast) {
        for (const int64_t n : kRaggedSizes) {
          const std::vector<float> x = random_floats(n * 37, 3);
          Summary a, b;
          generic.summary(cpu(), {x.data(), &a, n * 37, DType::f32});
          fast.summary(cpu(), {x.data(), &b, n * 37, DType::f32});
          EXPECT_EQ(a.sum, b.sum) << name << ' ' << n;
          EXPECT_EQ(a.sum_squares, b.sum_squares) << name << ' ' << n;
          EXPECT_EQ(a.absmax, b.absmax) << name << ' ' << n;
          std::vector<float> work(static_cast<size_t>(row_block_count(37) * n)), y(static_cast<size_t>(n)), z = y;
          generic.column_sum(cpu(), {x.data(), y.data(), work.data(), 37, n, DType::f32});
          fast.column_sum(cpu(), {x.data(), z.data(), work.data(), 37, n, DType::f32});
          EXPECT_EQ(y, z) << name << ' ' << n;
        }
      });
}

TEST(ColumnSum, EqualsASequentialPassOverManyRowBlocks) {
  for (const int64_t rows : {0, 1, 16, 17, 1000, 1025}) {
    const Tensor x = random_uniform(Shape{rows, 3}, -1, 1, 9);
    std::vector<float> expected(3, 0.0f);
    for (int64_t i = 0; i < rows * 3; ++i) expected[static_cast<size_t>(i % 3)] += x.data<float>()[i];
    EXPECT_TRUE(all_near(ops::column_sum(x).to_vector<float>(), expected, 1e-5)) << rows;
  }
}

}  // namespace
}  // namespace lowbit
