#include "core/ops/matmul.h"

#include "core/error.h"
#include "core/ops/elementwise.h"
#include "tests/support/parity.h"

namespace lowbit {
namespace {

using testing::all_near;

/// The product by definition, in f64.
std::vector<float> reference(const Tensor& a, const Tensor& b, const ops::MatmulOptions& o, int64_t m, int64_t n,
                             int64_t k) {
  const float *x = a.data<float>(), *y = b.data<float>();
  std::vector<float> c;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = o.bias.defined() ? o.bias.data<float>()[j] : 0;
      for (int64_t p = 0; p < k; ++p)
        sum += double{o.transpose_a ? x[p * m + i] : x[i * k + p]} * (o.transpose_b ? y[j * k + p] : y[p * n + j]);
      c.push_back(static_cast<float>(sum));
    }
  return c;
}

struct Size {
  int64_t m, n, k;
};
/// The last two take the path for aliasing strides.
constexpr Size kSizes[] = {{1, 1, 1}, {3, 17, 33}, {64, 65, 16}, {5, 7, 0}, {1024, 3, 65}, {2048, 2, 64}};

TEST(Matmul, EqualsTheDefinitionForEveryTransposition) {
  for (const auto [m, n, k] : kSizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        for (const bool with_bias : {false, true}) {
          const Tensor a = random_uniform(ta ? Shape{k, m} : Shape{m, k}, -1, 1, 1);
          const Tensor b = random_uniform(tb ? Shape{n, k} : Shape{k, n}, -1, 1, 2);
          const ops::MatmulOptions options = {ta, tb, with_bias ? random_uniform(Shape{n}, -1, 1, 3) : Tensor()};
          const std::vector<float> expected = reference(a, b, options, m, n, k);
          EXPECT_TRUE(all_near(ops::matmul(a, b, options).to_vector<float>(), expected, 1e-5))
              << m << 'x' << n << 'x' << k << ' ' << ta << tb << with_bias;
          const ops::MatmulOptions wide = {ta, tb, with_bias ? options.bias.to(DType::f64) : Tensor()};
          const Tensor c64 = ops::matmul(a.to(DType::f64), b.to(DType::f64), wide);
          EXPECT_TRUE(all_near(c64.to(DType::f32).to_vector<float>(), expected, 1e-6));
        }
}

TEST(Matmul, AddsIntoTheResult) {
  for (const auto [m, n, k] : kSizes) {
    const Tensor a = random_uniform(Shape{k, m}, -1, 1, 1), b = random_uniform(Shape{k, n}, -1, 1, 2);
    Tensor c = ops::full(Shape{m, n}, 2);
    ops::matmul_add_(c, a, b, {.transpose_a = true});
    std::vector<float> expected = reference(a, b, {.transpose_a = true}, m, n, k);
    for (float& value : expected) value += 2;
    EXPECT_TRUE(all_near(c.to_vector<float>(), expected, 1e-5));
  }
}

TEST(Matmul, HalfTypesRoundOnce) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Tensor a = random_uniform(Shape{5, 300}, -1, 1, 1).to(dtype);
    const Tensor b = random_uniform(Shape{300, 9}, -1, 1, 2).to(dtype);
    const Tensor bias = random_uniform(Shape{9}, -1, 1, 3);
    const Tensor wide = ops::matmul(a.to(DType::f32), b.to(DType::f32), {.bias = bias});
    EXPECT_EQ(ops::matmul(a, b, {.bias = bias, .result = DType::f32}).dtype(), DType::f32);
    EXPECT_EQ(ops::matmul(a, b, {.bias = bias}).to(DType::f32).to_vector<float>(),
              wide.to(dtype).to(DType::f32).to_vector<float>());
  }
}

TEST(Matmul, Bf16OperandsSumInF32) {
  for (const auto [m, n, k] : kSizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const Tensor a = random_uniform(ta ? Shape{k, m} : Shape{m, k}, -1, 1, 1).to(DType::bf16);
        const Tensor b = random_uniform(tb ? Shape{n, k} : Shape{k, n}, -1, 1, 2).to(DType::bf16);
        const ops::MatmulOptions options = {ta, tb, random_uniform(Shape{n}, -1, 1, 3), DType::f32};
        const std::vector<float> expected = reference(a.to(DType::f32), b.to(DType::f32), options, m, n, k);
        EXPECT_TRUE(all_near(ops::matmul(a, b, options).to_vector<float>(), expected, 1e-5))
            << m << 'x' << n << 'x' << k << ' ' << ta << tb;
        Tensor sum = ops::full(Shape{m, n}, 1);
        ops::matmul_add_(sum, a, b, {ta, tb, {}, DType::f32});
        std::vector<float> one_more = reference(a.to(DType::f32), b.to(DType::f32), {ta, tb, {}, {}}, m, n, k);
        for (float& value : one_more) value += 1;
        EXPECT_TRUE(all_near(sum.to_vector<float>(), one_more, 1e-5));
      }
}

TEST(Matmul, PrecisionIsAPropertyOfTheScope) {
  EXPECT_EQ(ops::operand_type(DType::f32), DType::f32);
  {
    const ops::MatmulPrecisionScope scope(ops::MatmulPrecision::bf16);
    EXPECT_EQ(ops::operand_type(DType::f32), DType::bf16);
    EXPECT_EQ(ops::operand_type(DType::f64), DType::f64);  // gradient checks stay exact
  }
  EXPECT_EQ(ops::operand_type(DType::f32), DType::f32);
}

TEST(Matmul, NanReachesItsRowOnly) {
  Tensor a = random_uniform(Shape{3, 4}, -1, 1, 1);
  a.mutable_data<float>()[4] = NAN;
  const std::vector<float> c = ops::matmul(a, random_uniform(Shape{4, 2}, -1, 1, 2)).to_vector<float>();
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(std::isnan(c[i]), i / 2 == 1) << i;
}

TEST(Matmul, NamesTheExtentsThatDisagree) {
  try {
    ops::matmul(Tensor::zeros(Shape{2, 3}), Tensor::zeros(Shape{4, 5}));
    FAIL() << "accepted 3 against 4";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("inner extents 3 and 4"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lowbit
