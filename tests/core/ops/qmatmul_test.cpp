#include "core/ops/qmatmul.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/ops/quantize.h"
#include "core/random.h"

namespace lowbit {
namespace {

/// x w^T + bias in double, and the same with absolute values: what an error bound is relative to.
struct Product {
  double value = 0, magnitude = 0;
};
Product product(const std::vector<float>& x, const std::vector<float>& w, int64_t m, int64_t n, int64_t k, float bias) {
  Product p{bias, std::abs(bias)};
  for (int64_t j = 0; j < k; ++j) {
    const double term = double{x[static_cast<size_t>(m * k + j)]} * w[static_cast<size_t>(n * k + j)];
    p.value += term;
    p.magnitude += std::abs(term);
  }
  return p;
}

QTensor weight(CodeBook book, Granularity per, const Shape& shape) {
  const Tensor w = random_normal(shape, 0, 0.05, 11);
  if (book == CodeBook::binary) return ops::encode_sign(w, per, ops::group_stats(w, per).mean_abs).q;
  return ops::encode_absmax(w, book, per).q;
}

// The integer path computes what fake quantization in exact arithmetic would, up to the rounding of the epilogue and of
// the dequantized values: a few units of 2^-24 of the sum of magnitudes.
TEST(QLinear, EqualsFakeQuantizationForEveryBookAndGranularity) {
  const int64_t m = 9, n = 37, k = 200;
  const Tensor x = random_normal(Shape({3, 3, k}), 0.2, 1, 5), bias = random_normal(Shape({n}), 0, 1, 6);
  for (const CodeBook w_book : {CodeBook::binary, CodeBook::ternary, CodeBook::int4, CodeBook::int8})
    for (const Granularity w_per : {Granularity::row, Granularity::tensor})
      for (const Granularity x_per : {Granularity::row, Granularity::tensor})
        for (const CodeBook x_book : {CodeBook::int8, CodeBook::uint8, CodeBook::trit}) {
          const QTensor qw = weight(w_book, w_per, Shape({n, k}));
          const QTensor qx = x_book == CodeBook::int8 ? ops::encode_absmax(x, x_book, x_per).q
                                                      : ops::encode_asymmetric(x, x_book, x_per).q;
          const Tensor y = ops::qlinear(qx, pack_weight(qw), bias);
          ASSERT_EQ(y.shape(), Shape({3, 3, n}));
          const std::vector<float> xs = dequantize(qx).to_vector<float>(), ws = dequantize(qw).to_vector<float>();
          const std::vector<float> ys = y.to_vector<float>(), bs = bias.to_vector<float>();
          for (int64_t i = 0; i < m; ++i)
            for (int64_t j = 0; j < n; ++j) {
              const Product p = product(xs, ws, i, j, k, bs[static_cast<size_t>(j)]);
              // With an offset m the levels are measured from m, which may exceed the values themselves.
              const double range = qx.offset.defined() ? 4 : 1;
              EXPECT_NEAR(ys[static_cast<size_t>(i * n + j)], p.value, 8 * 0x1p-24 * range * p.magnitude);
            }
        }
}

TEST(QLinear, ATokensResultDependsOnThatTokenAlone) {
  const Tensor x = random_normal(Shape({67, 130}), 0, 1, 5);
  const PackedWeight w = pack_weight(weight(CodeBook::ternary, Granularity::row, Shape({50, 130})));
  const auto linear = [&](const Tensor& rows) {
    return ops::qlinear(ops::encode_absmax(rows, CodeBook::int8, Granularity::row).q, w).to_vector<float>();
  };
  const std::vector<float> all = linear(x);
  for (const int64_t r : {0, 1, 47, 48, 66}) {
    const std::vector<float> one = linear(x.rows(r, r + 1));
    EXPECT_EQ(one, std::vector<float>(all.begin() + r * 50, all.begin() + (r + 1) * 50));
  }
}

TEST(QLinear, ATransposedWeightGivesTheProductWithTheTranspose) {
  const Tensor x = random_normal({7, 50}, 0, 1, 5);
  const QTensor qx = ops::encode_absmax(x, CodeBook::int8, Granularity::row).q;
  for (const CodeBook book : {CodeBook::binary, CodeBook::ternary, CodeBook::int4, CodeBook::int8})
    for (const Granularity per : {Granularity::row, Granularity::tensor}) {
      const QTensor w = weight(book, per, Shape({50, 130}));
      const Tensor scale = per == Granularity::row ? Tensor::scalar(1) : w.scale;
      Tensor turned = Tensor::empty({130, 50}, DType::i8);
      for (int64_t i = 0; i < 130 * 50; ++i)
        turned.mutable_data<int8_t>()[i] = w.codes.data<int8_t>()[i % 50 * 130 + i / 50];
      const PackedWeight packed = pack_weight({book, Granularity::tensor, turned, scale, {}});
      Tensor y = ops::qlinear(qx, pack_transposed(w));
      EXPECT_EQ(y.to_vector<float>(), ops::qlinear(qx, packed).to_vector<float>());
      ops::qlinear_add_(y, qx, packed);
      const std::vector<float> once = ops::qlinear(qx, packed).to_vector<float>(), twice = y.to_vector<float>();
      for (size_t i = 0; i < once.size(); ++i) ASSERT_EQ(twice[i], 2 * once[i]);
    }
}

QTensor input(const Tensor& x, CodeBook book, Granularity per) {
  switch (book) {
    case CodeBook::binary:
      return ops::encode_sign(x, per, ops::group_stats(x, per).mean_abs).q;
    case CodeBook::ternary:
    case CodeBook::int4:
    case CodeBook::int8:
      return ops::encode_absmax(x, book, per).q;
    default:
      return ops::encode_asymmetric(x, book, per).q;
  }
}

// The gradient of a weight is what its rounded output gradients make of it, and close to that of the exact ones, over
// one block of rows and over several.
TEST(QOuter, IsTheProductOfRoundedGradientsForEveryBookAndGranularity) {
  for (const int64_t rows : {1, 7, 200, 960, 961, 2011})
    for (const CodeBook book : {CodeBook::binary, CodeBook::bit, CodeBook::ternary, CodeBook::trit, CodeBook::int4,
                                CodeBook::uint4, CodeBook::int8, CodeBook::uint8})
      for (const Granularity per : {Granularity::row, Granularity::tensor}) {
        const int64_t out = 21, in = 70;
        const Tensor dy = random_normal({rows, out}, 0, 1e-3, 9);
        const QTensor x = input(random_normal({rows, in}, 0.3, 1, 8), book, per);
        const std::vector<float> exact = dy.to_vector<float>(), values = dequantize(x).to_vector<float>();
        const PackedInput packed = pack_input(x);
        const ops::GradientUse use = ops::gradient_use(packed);
        const Tensor factor = use.row_factor;
        ASSERT_EQ(factor.defined(), per == Granularity::row || rows == 1);
        const ops::GradientCodes codes = ops::encode_gradient(dy, use);
        Tensor dw = ops::qouter(codes, packed);
        ASSERT_EQ(dw.shape(), Shape({out, in}));
        std::vector<std::vector<float>> rounded;  // of each block [out, its rows]
        for (const QTensor& block : codes.columns) rounded.push_back(dequantize(block).to_vector<float>());
        double difference = 0, size = 0;
        for (int64_t n = 0; n < out; ++n)
          for (int64_t k = 0; k < in; ++k) {
            double of_exact = 0, of_rounded = 0, magnitude = 0;
            size_t b = 0;
            for (int64_t m = 0; m < rows; ++m) {
              const double offset = x.offset.defined() ? x.offset.data<float>()[per == Granularity::row ? m : 0] : 0;
              const double value = values[static_cast<size_t>(m * in + k)], g = exact[static_cast<size_t>(m * out + n)];
              const double scale = factor.defined() ? factor.data<float>()[m] : 1;
              of_exact += g * value;
              of_rounded += g * offset;
              const PackedInput::Block& block = packed.blocks[b];
              if (scale > 0)
                of_rounded +=
                    rounded[b][static_cast<size_t>(n * block.rows + m - block.first)] * ((value - offset) / scale);
              if (m + 1 == block.first + block.rows) ++b;
              magnitude += std::abs(g) * (std::abs(value) + std::abs(offset));
            }
            const double found = dw.data<float>()[n * in + k];
            ASSERT_NEAR(found, of_rounded, 2e-6 * magnitude) << to_string(book) << " " << rows;
            difference += (found - of_exact) * (found - of_exact);
            size += of_exact * of_exact;
          }
        EXPECT_LT(std::sqrt(difference / size), 0.1) << to_string(book) << " " << rows;
        const std::vector<float> once = dw.to_vector<float>();
        ops::qouter_add_(dw, codes, packed);
        for (size_t i = 0; i < once.size(); ++i)
          ASSERT_NEAR(dw.data<float>()[i], 2 * once[i], 1e-6 * std::abs(once[i]) + 1e-7);
      }
}

TEST(QOuter, NoRowsGiveZeros) {
  const PackedInput x = pack_input(input(Tensor::zeros({0, 5}), CodeBook::int8, Granularity::row));
  const ops::GradientCodes none = ops::encode_gradient(Tensor::zeros({0, 3}), ops::gradient_use(x));
  EXPECT_EQ(ops::qouter(none, x).to_vector<float>(), std::vector<float>(15));
  EXPECT_THROW(ops::qouter(ops::encode_gradient(Tensor::zeros({1, 3})), x), Error);
}

TEST(QLinear, ZeroAndNanTokens) {
  const Tensor x = Tensor::from(Shape({3, 2}), std::vector<float>{0, 0, 1, std::nanf(""), 1, 2});
  const PackedWeight w = pack_weight(weight(CodeBook::binary, Granularity::row, Shape({2, 2})));
  const Tensor bias = Tensor::from(Shape({2}), std::vector<float>{0.5f, -1});
  const std::vector<float> y =
      ops::qlinear(ops::encode_absmax(x, CodeBook::int8, Granularity::row).q, w, bias).to_vector<float>();
  EXPECT_EQ((std::vector<float>{y[0], y[1]}), (std::vector<float>{0.5f, -1}));
  EXPECT_TRUE(std::isnan(y[2]) && std::isnan(y[3]));
  EXPECT_TRUE(std::isfinite(y[4]) && std::isfinite(y[5]));
}

TEST(PackedWeight, TakesTheBitsOfItsBook) {
  const auto bytes = [](CodeBook book) {
    return pack_weight(weight(book, Granularity::row, Shape({64, 256}))).panels.bytes();
  };
  EXPECT_EQ(bytes(CodeBook::int8), 64u * 256);
  EXPECT_EQ(bytes(CodeBook::int4), 64u * 256 / 2);
  EXPECT_EQ(bytes(CodeBook::ternary), 64u * 256 / 4);
  EXPECT_EQ(bytes(CodeBook::binary), 64u * 256 / 8);
}

TEST(QLinear, RefusesWhatDoesNotFit) {
  const QTensor w = weight(CodeBook::int8, Granularity::row, Shape({4, 6}));
  const QTensor x = ops::encode_absmax(random_normal(Shape({2, 5}), 0, 1, 1), CodeBook::int8, Granularity::row).q;
  EXPECT_THROW(ops::qlinear(x, pack_weight(w)), Error);
  const Tensor positive = random_uniform(Shape({4, 6}), 0, 1, 1);
  EXPECT_THROW(pack_weight(ops::encode_asymmetric(positive, CodeBook::uint8, Granularity::row).q), Error);
}

}  // namespace
}  // namespace lowbit
