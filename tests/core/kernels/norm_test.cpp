#include "core/kernels/norm.h"

#include "core/kernels/row_blocks.h"
#include "core/ops/norm.h"
#include "tests/support/parity.h"

namespace lowbit {
namespace {

using testing::all_near;
using testing::cpu;
using testing::kRaggedSizes;
using testing::random_floats;

struct Outputs {
  std::vector<float> y, mean, rstd, dx, dweight, dbias;
  bool operator==(const Outputs&) const = default;
};

Outputs run(const NormKernels& table, int64_t rows, int64_t cols, bool layer, bool affine) {
  const std::vector<float> x = random_floats(rows * cols, 1, -2, 3), dy = random_floats(rows * cols, 2);
  const std::vector<float> weight = random_floats(cols, 3), bias = random_floats(cols, 4);
  std::vector<float> work(static_cast<size_t>(2 * row_block_count(rows) * cols));
  Outputs o{x, std::vector<float>(static_cast<size_t>(rows)), {}, x, weight, weight};
  o.rstd = o.mean;
  const float *w = affine ? weight.data() : nullptr, *b = affine ? bias.data() : nullptr;
  float* mean = layer ? o.mean.data() : nullptr;
  table.forward(cpu(), {x.data(), w, b, o.y.data(), mean, o.rstd.data(), rows, cols, 1e-5, DType::f32});
  table.backward(cpu(), {x.data(), w, mean, o.rstd.data(), dy.data(), o.dx.data(), o.dweight.data(), o.dbias.data(),
                         work.data(), rows, cols, DType::f32});
  return o;
}

TEST(NormKernels, TargetsAgreeBitForBit) {
  testing::for_each_target(norm_impls(), [](const std::string& name, const NormKernels& generic,
                                            const NormKernels& fast) {
    for (const int64_t cols : kRaggedSizes)
      for (const bool layer : {false, true})
        for (const bool affine : {false, true}) {
          if (cols == 0) continue;
          EXPECT_EQ(run(generic, 19, cols, layer, affine), run(fast, 19, cols, layer, affine)) << name << ' ' << cols;
        }
  });
}

TEST(Norm, RowsHaveZeroMeanAndUnitVarianceOrUnitMeanSquare) {
  const Tensor x = random_uniform(Shape{7, 33}, -3, 9, 1);
  for (const ops::NormKind kind : {ops::NormKind::layer, ops::NormKind::rms}) {
    const std::vector<float> y = ops::norm(kind, x, {}, {}, 0).y.to_vector<float>();
    for (size_t r = 0; r < 7; ++r) {
      double sum = 0, squares = 0;
      for (size_t j = 0; j < 33; ++j) sum += y[r * 33 + j], squares += double{y[r * 33 + j]} * y[r * 33 + j];
      EXPECT_NEAR(squares / 33, 1, 1e-5);
      if (kind == ops::NormKind::layer) {
        EXPECT_NEAR(sum, 0, 1e-4);
      }
    }
  }
}

TEST(Norm, ARowDependsOnItselfOnly) {
  const Tensor x = random_uniform(Shape{5, 65}, -1, 1, 1);
  const Tensor all = ops::norm(ops::NormKind::layer, x, {}, {}, 1e-5).y;
  const Tensor one = ops::norm(ops::NormKind::layer, x.rows(3, 4), {}, {}, 1e-5).y;
  EXPECT_EQ(one.to_vector<float>(), all.rows(3, 4).to_vector<float>());
}

TEST(Norm, HalfTypesComputeInFloatAndRoundOnce) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Tensor x = random_uniform(Shape{4, 40}, -1, 1, 1).to(dtype), w = random_uniform(Shape{40}, 0, 2, 2);
    const Tensor wide = ops::norm(ops::NormKind::layer, x.to(DType::f32), w, {}, 1e-5).y;
    EXPECT_EQ(ops::norm(ops::NormKind::layer, x, w, {}, 1e-5).y.to(DType::f32).to_vector<float>(),
              wide.to(dtype).to(DType::f32).to_vector<float>());
  }
}

}  // namespace
}  // namespace lowbit
