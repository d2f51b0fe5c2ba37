#include "core/ops/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/ops/elementwise.h"
#include "core/random.h"

namespace lowbit {
namespace {

using ops::PassRule;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor row(const std::vector<float>& values) {
  return Tensor::from(Shape({1, static_cast<int64_t>(values.size())}), values);
}
Tensor vec(const std::vector<float>& values) {
  return Tensor::from(Shape({static_cast<int64_t>(values.size())}), values);
}

std::vector<float> values_of(const QTensor& q) { return dequantize(q).to_vector<float>(); }
std::vector<int> codes_of(const QTensor& q) {
  const std::vector<int8_t> codes = q.codes.to_vector<int8_t>();
  return {codes.begin(), codes.end()};
}
std::vector<int> pass_of(const ops::Encoding& e) {
  std::vector<int> pass;
  const std::vector<uint8_t> bytes = e.pass.to_vector<uint8_t>();
  for (int64_t i = 0; i < e.q.codes.numel(); ++i) pass.push_back(bytes[static_cast<size_t>(i / 8)] >> (i % 8) & 1);
  return pass;
}
std::vector<int64_t> counts_of(const ops::Encoding& e) { return e.counts.to_vector<int64_t>(); }

TEST(GroupStats, MatchesDoubleArithmeticPerRowAndPerTensor) {
  for (const int64_t cols : {1, 3, 16, 17, 63, 1023, 5000}) {
    const int64_t rows = cols > 1000 ? 130 : 9;
    const Tensor x = random_normal(Shape({rows, cols}), 0.3, 2.0, 7);
    const std::vector<float> v = x.to_vector<float>();
    for (const Granularity per : {Granularity::row, Granularity::tensor}) {
      const int64_t groups = per == Granularity::row ? rows : 1, size = rows * cols / groups;
      const std::vector<float> shift(static_cast<size_t>(groups), 0.25f);
      const ops::GroupStats s = ops::group_stats(x, per, vec(shift));
      EXPECT_EQ(ops::mean_abs(x, per, vec(shift)).to_vector<float>(), s.mean_abs.to_vector<float>());
      for (int64_t g = 0; g < groups; ++g) {
        double sum = 0, sum_abs = 0;
        float min = kInfinity, max = -kInfinity;
        for (int64_t j = 0; j < size; ++j) {
          const float e = v[static_cast<size_t>(g * size + j)] - 0.25f;
          sum += e, sum_abs += std::abs(e), min = std::min(min, e), max = std::max(max, e);
        }
        const size_t i = static_cast<size_t>(g);
        EXPECT_EQ(s.min.to_vector<float>()[i], min);
        EXPECT_EQ(s.max.to_vector<float>()[i], max);
        EXPECT_EQ(s.absmax.to_vector<float>()[i], std::max(std::abs(min), std::abs(max)));
        const double size_d = static_cast<double>(size), mean_abs = sum_abs / size_d;
        EXPECT_NEAR(s.mean_abs.to_vector<float>()[i], mean_abs, 1e-6 * mean_abs);
        EXPECT_NEAR(s.mean.to_vector<float>()[i], sum / size_d, 1e-6 * mean_abs);
      }
    }
  }
}

TEST(GroupStats, NanFillsItsGroupOnly) {
  const Tensor x = Tensor::from(Shape({3, 2}), std::vector<float>{1, kNan, -2, 3, kInfinity, 0});
  const ops::GroupStats s = ops::group_stats(x, Granularity::row);
  for (const Tensor& t : {s.absmax, s.mean_abs, s.mean, s.min, s.max}) EXPECT_TRUE(std::isnan(t.to_vector<float>()[0]));
  EXPECT_EQ(s.absmax.to_vector<float>()[1], 3);
  EXPECT_EQ(s.min.to_vector<float>()[1], -2);
  EXPECT_EQ(s.absmax.to_vector<float>()[2], kInfinity);
  EXPECT_TRUE(std::isnan(ops::group_stats(x, Granularity::tensor).mean_abs.item()));
}

TEST(GroupStats, EmptyGroupsAreZero) {
  const ops::GroupStats s = ops::group_stats(Tensor::empty(Shape({2, 0})), Granularity::row);
  for (const Tensor& t : {s.absmax, s.mean_abs, s.mean, s.min, s.max})
    EXPECT_EQ(t.to_vector<float>(), (std::vector<float>{0, 0}));
}

// TWN on {1, -2, 0.1, 3}: mean |x| = 1.525, threshold 1.0675, survivors 2 and 3.
TEST(MeanAbsAbove, AveragesTheSurvivors) {
  const Tensor x = row({1, -2, 0.1f, 3});
  EXPECT_EQ(ops::mean_abs_above(x, Granularity::row, vec({1.0675f})).item(), 2.5);
  EXPECT_EQ(ops::mean_abs_above(x, Granularity::tensor, vec({2.0f})).item(), 3);  // strictly above
  EXPECT_EQ(ops::mean_abs_above(x, Granularity::tensor, vec({5.0f})).item(), 0);
  EXPECT_TRUE(std::isnan(ops::mean_abs_above(row({1, kNan}), Granularity::row, vec({2.0f})).item()));
}

// x * 127 / max rounded half to even, in double, wherever that is not within 1e-3 of a tie.
TEST(EncodeAbsmax, MatchesTheFormula) {
  for (const CodeBook book : {CodeBook::int8, CodeBook::int4, CodeBook::ternary}) {
    const Tensor x = random_normal(Shape({37, 129}), 0, 1.5, 3);
    const std::vector<float> v = x.to_vector<float>();
    const int levels = range_of(book).high;
    const ops::Encoding e =
        ops::encode_absmax(x, book, Granularity::row, {PassRule::On::value, false, -2.5f, 2.5f}, 2.5f);
    const std::vector<int> codes = codes_of(e.q), pass = pass_of(e);
    for (size_t r = 0; r < 37; ++r) {
      float max = 0;
      for (size_t j = 0; j < 129; ++j) max = std::max(max, std::abs(v[r * 129 + j]));
      max = std::min(max, 2.5f);
      EXPECT_EQ(e.q.scale.to_vector<float>()[r], max / static_cast<float>(levels));
      for (size_t j = 0; j < 129; ++j) {
        const double t = std::clamp<double>(v[r * 129 + j], -max, max) * levels / max;
        if (std::abs(std::abs(t - std::floor(t)) - 0.5) > 1e-3) {
          EXPECT_EQ(codes[r * 129 + j], std::nearbyint(t));
        }
        EXPECT_EQ(pass[r * 129 + j], std::abs(v[r * 129 + j]) < 2.5f);
      }
    }
  }
}

TEST(EncodeAbsmax, WorkedExampleOfTheFixedClip) {
  const ops::Encoding e = ops::encode_absmax(row({0.4f, -1.3f, 2.9f, -2.5f, 1.01f, -0.003f}), CodeBook::int8,
                                             Granularity::tensor, {PassRule::On::value, false, -2.5f, 2.5f}, 2.5f);
  EXPECT_EQ(codes_of(e.q), (std::vector<int>{20, -66, 127, -127, 51, 0}));
  EXPECT_EQ(pass_of(e), (std::vector<int>{1, 1, 0, 0, 1, 1}));  // the clip itself does not pass
  EXPECT_EQ(counts_of(e), (std::vector<int64_t>{0, 1, 0}));
}

TEST(EncodeAbsmax, ZeroAndTinyGroupsBecomeExactZeros) {
  const Tensor x = Tensor::from(Shape({3, 3}), std::vector<float>{0, 0, -0.0f, 1e-38f, -1e-40f, 0, 1, 2, 3});
  const ops::Encoding e = ops::encode_absmax(x, CodeBook::int8, Granularity::row);
  EXPECT_EQ(e.q.scale.to_vector<float>()[0], 0);
  EXPECT_EQ(e.q.scale.to_vector<float>()[1], 0);
  const std::vector<float> y = values_of(e.q);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(y[i], 0);
  EXPECT_EQ(y[8], 3);
  EXPECT_EQ(counts_of(e), (std::vector<int64_t>{2, 0, 0}));
  // The floor of BitNet keeps small rows small and zero rows zero.
  const ops::Encoding floored = ops::encode_absmax(x, CodeBook::int8, Granularity::row, {}, kInfinity, 127.0f);
  EXPECT_EQ(codes_of(floored.q), (std::vector<int>{0, 0, 0, 0, 0, 0, 1, 2, 3}));
  EXPECT_EQ(floored.q.scale.to_vector<float>()[0], 0);
}

TEST(EncodeAbsmax, NanAndInfinityReachTheValues) {
  const Tensor x = Tensor::from(Shape({3, 2}), std::vector<float>{1, kNan, kInfinity, 1, 1, 2});
  const ops::Encoding e = ops::encode_absmax(x, CodeBook::int8, Granularity::row);
  const std::vector<float> y = values_of(e.q);
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
  EXPECT_FALSE(std::isfinite(y[2]));
  EXPECT_EQ(y[5], 2);
  EXPECT_EQ(counts_of(e)[ops::kNonFinite], 2);
}

TEST(EncodeAsymmetric, DynamicAndFixedMinimum) {
  const Tensor x = row({0.4f, -1.3f, 2.9f, -2.5f, 1.01f, -0.003f});
  const ops::Encoding e = ops::encode_asymmetric(x, CodeBook::uint8, Granularity::tensor, {}, {}, 2.5f);
  const std::vector<float> expected = {0.4019608f, -1.3039216f, 2.5f, -2.5f, 1.0098039f, -0.0098039f};
  const std::vector<float> y = values_of(e.q);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-6);
  EXPECT_EQ(e.q.offset.item(), -2.5);

  const ops::Encoding relu = ops::encode_asymmetric(row({0, 0.5f, 2, -1}), CodeBook::uint4, Granularity::row, 0.0f);
  EXPECT_EQ(codes_of(relu.q), (std::vector<int>{0, 4, 15, 0}));  // 0.5 * 15 / 2 = 3.75
  EXPECT_EQ(counts_of(relu)[ops::kClamped], 1);
  const ops::Encoding below = ops::encode_asymmetric(row({-3, -2}), CodeBook::uint8, Granularity::row, 0.0f);
  EXPECT_EQ(values_of(below.q), (std::vector<float>{0, 0}));
  const ops::Encoding constant = ops::encode_asymmetric(row({0.7f, 0.7f}), CodeBook::uint8, Granularity::row);
  EXPECT_EQ(values_of(constant.q), (std::vector<float>{0.7f, 0.7f}));
  EXPECT_TRUE(
      std::isnan(values_of(ops::encode_asymmetric(row({0.7f, kNan}), CodeBook::uint8, Granularity::row, 0.0f).q)[0]));
}

TEST(EncodeGrid, RoundsHalfToEvenAndClamps) {
  const Tensor x = row({0.25f, 0.75f, 1.25f, -0.25f, -0.75f, 5, -5, 1.2f});  // scale 1/2: levels 0.5 1.5 2.5 ...
  const ops::Encoding e =
      ops::encode_grid(x, CodeBook::int4, Granularity::row, vec({0.5f}), {}, -4, 3, {PassRule::On::level, true, -4, 3});
  EXPECT_EQ(codes_of(e.q), (std::vector<int>{0, 2, 2, 0, -2, 3, -4, 2}));
  EXPECT_EQ(pass_of(e), (std::vector<int>{1, 1, 1, 1, 1, 0, 0, 1}));
  EXPECT_EQ(counts_of(e)[ops::kClamped], 2);
  const ops::Encoding shifted =
      ops::encode_grid(row({-1, 0, 1, 9}), CodeBook::trit, Granularity::tensor, vec({1.0f}), vec({-1.0f}), 0, 2);
  EXPECT_EQ(values_of(shifted.q), (std::vector<float>{-1, 0, 1, 1}));
  EXPECT_FALSE(shifted.pass.defined());
}

TEST(EncodeGrid, NanPoisonsItsGroupAndAZeroScaleGivesTheOffset) {
  const Tensor x = Tensor::from(Shape({3, 2}), std::vector<float>{1, kNan, kInfinity, 1, 1, 1});
  const ops::Encoding e =
      ops::encode_grid(x, CodeBook::int4, Granularity::row, vec({1, 1, 0}), vec({0, 0, 0.5f}), -8, 7);
  const std::vector<float> y = values_of(e.q);
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
  EXPECT_EQ((std::vector<float>(y.begin() + 2, y.end())), (std::vector<float>{7, 1, 0.5f, 0.5f}));
  EXPECT_EQ(counts_of(e), (std::vector<int64_t>{1, 1, 2}));
}

TEST(EncodeSign, ZeroIsPositiveAndTheShiftIsSubtracted) {
  const Tensor x = row({0, -0.0f, 2, -1e-30f, 1});
  EXPECT_EQ(codes_of(ops::encode_sign(x, Granularity::row, vec({0.5f})).q), (std::vector<int>{1, 1, 1, -1, 1}));
  const ops::Encoding e =
      ops::encode_sign(x, Granularity::tensor, vec({0.5f}), vec({1.0f}), {PassRule::On::value, true, -1, 1});
  EXPECT_EQ(values_of(e.q), (std::vector<float>{-0.5f, -0.5f, 0.5f, -0.5f, 0.5f}));
  EXPECT_EQ(pass_of(e), (std::vector<int>{1, 1, 1, 1, 1}));
  const ops::Encoding level =
      ops::encode_sign(x, Granularity::tensor, vec({0.5f}), {}, {PassRule::On::level, true, -1, 1});
  EXPECT_EQ(pass_of(level), (std::vector<int>{1, 1, 0, 1, 0}));
}

TEST(EncodeThreshold, IsStrict) {
  const ops::Encoding e =
      ops::encode_threshold(row({0.5f, -0.5f, 0.6f, -3, 0}), Granularity::row, vec({2.0f}), vec({0.5f}));
  EXPECT_EQ(values_of(e.q), (std::vector<float>{0, 0, 2, -2, 0}));
}

TEST(Encode, RefusesWhatTheBookCannotHold) {
  const Tensor x = row({1, 2});
  EXPECT_THROW(ops::encode_absmax(x, CodeBook::uint8, Granularity::row), Error);
  EXPECT_THROW(ops::encode_asymmetric(x, CodeBook::int8, Granularity::row), Error);
  EXPECT_THROW(ops::encode_grid(x, CodeBook::int4, Granularity::row, vec({1.0f}), {}, -9, 7), Error);
  EXPECT_THROW(ops::encode_grid(x, CodeBook::int4, Granularity::row, vec({1, 2}), {}, -8, 7), Error);
  EXPECT_THROW(ops::encode_sign(x.to(DType::f64), Granularity::row, vec({1.0f})), Error);
}

TEST(EncodeGradient, CodesAreOneOfTheTwoNeighboursOfTheirValue) {
  const int64_t rows = 67, columns = 130;
  const Tensor x = random_normal({rows, columns}, 0, 1, 3);
  const auto check = [&](const QTensor& q, bool by_column, const Tensor& factor) {
    EXPECT_EQ(q.book, CodeBook::int8);
    EXPECT_EQ(q.shape(), by_column ? Shape({columns, rows}) : Shape({rows, columns}));
    const int64_t groups = q.shape()[0], size = q.shape()[1];
    for (int64_t g = 0; g < groups; ++g) {
      const auto value = [&](int64_t i) {
        const double f = factor.defined() ? factor.data<float>()[i] : 1.0f;
        return f * x.data<float>()[by_column ? i * columns + g : g * columns + i];
      };
      double top = 0;
      for (int64_t i = 0; i < size; ++i) top = std::max(top, std::abs(value(i)));
      ASSERT_NEAR(q.scale.data<float>()[g], top / 127, top * 1e-7);
      for (int64_t i = 0; i < size; ++i)
        ASSERT_LT(std::abs(q.codes.data<int8_t>()[g * size + i] - value(i) * 127 / top), 1.0001);
    }
  };
  const ops::GradientCodes plain = ops::encode_gradient(x);
  check(plain.rows, false, {});
  check(plain.columns[0], true, {});
  const Tensor of_columns = random_uniform({columns}, 0.1, 2, 4), of_rows = random_uniform({rows}, 0.1, 2, 5);
  const ops::GradientCodes scaled = ops::encode_gradient(x, {.column_factor = of_columns, .row_factor = of_rows});
  check(scaled.rows, false, of_columns);
  check(scaled.columns[0], true, of_rows);
}

/// Many small values beside a large one, as in the gradient of a softmax: rounding to the nearest would lose them all.
TEST(EncodeGradient, IsRightOnAverage) {
  const int64_t n = 40000;
  for (const float level : {0.003f, 0.2f, 0.5f, 0.93f, -0.01f, -0.6f}) {
    std::vector<float> values(n, level);
    values[7] = 127;
    const Tensor x = Tensor::from<float>({1, n}, values);
    for (const QTensor& q : {ops::encode_gradient(x).rows, ops::encode_gradient(x.reshape({n, 1})).columns[0]}) {
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += i == 7 ? 0 : q.codes.data<int8_t>()[i];
      const double fraction = level - std::floor(level), deviation = std::sqrt(fraction * (1 - fraction) / n);
      EXPECT_NEAR(sum / (n - 1), level, 4 * deviation + 0x1p-16) << level;
    }
  }
}

/// The noise of neighbours is not related: the sum of products with any fixed signs has the variance of independent
/// noise.
TEST(EncodeGradient, NoiseOfDifferentElementsIsIndependent) {
  const int64_t groups = 400, size = 256;
  std::vector<float> values(groups * size, 0.5f);
  for (int64_t g = 0; g < groups; ++g) values[static_cast<size_t>(g * size)] = 127 + static_cast<float>(g) / 1000;
  const Tensor by_row = Tensor::from<float>({groups, size}, values);
  Tensor by_column = Tensor::empty({size, groups});
  for (int64_t i = 0; i < groups * size; ++i)
    by_column.mutable_data<float>()[i] = values[static_cast<size_t>(i % groups * size + i / groups)];
  for (const QTensor& q : {ops::encode_gradient(by_row).rows, ops::encode_gradient(by_column).columns[0]})
    for (const int64_t period : {2, 4, 8, 64, 512}) {
      double squares = 0;
      for (int64_t g = 0; g < groups; ++g) {
        double sum = 0;
        for (int64_t i = 1; i < size; ++i)
          sum += (q.codes.data<int8_t>()[g * size + i] - 0.5) * (i % period < period / 2 ? 1 : -1);
        squares += sum * sum;
      }
      EXPECT_NEAR(squares / groups / (0.25 * (size - 1)), 1, 0.35) << period;  // five deviations of a chi square
    }
}

TEST(EncodeGradient, ZerosStayZeroAndWhatIsNotFiniteReachesTheScales) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Tensor x = Tensor::from<float>({4, 2}, {0, 0, 1e-37f, 0, 1, infinity, NAN, 1});
  const Tensor turned = Tensor::from<float>({2, 4}, {0, 1e-37f, 1, NAN, 0, 0, infinity, 1});
  for (const QTensor& q : {ops::encode_gradient(x).rows, ops::encode_gradient(turned).columns[0]}) {
    EXPECT_EQ(q.scale.data<float>()[0], 0);
    EXPECT_EQ(q.scale.data<float>()[1], 0);
    EXPECT_TRUE(std::isnan(q.scale.data<float>()[2]));
    EXPECT_TRUE(std::isnan(q.scale.data<float>()[3]));
  }
  EXPECT_THROW(ops::encode_gradient(x, {.column_factor = Tensor::zeros({3})}), Error);
  EXPECT_THROW(ops::encode_gradient(x, {.row_factor = Tensor::zeros({3})}), Error);
}

/// So that gradients under every loss scale are the same bits once it is divided out.
TEST(EncodeGradient, APowerOfTwoMovesTheScalesOnly) {
  const Tensor x = random_normal({70, 90}, 0, 1, 3);
  const ops::GradientCodes codes = ops::encode_gradient(x), scaled = ops::encode_gradient(ops::scale(x, 0x1p12));
  const auto check = [](const QTensor& a, const QTensor& b) {
    EXPECT_EQ(a.codes.to_vector<int8_t>(), b.codes.to_vector<int8_t>());
    EXPECT_EQ(ops::scale(a.scale, 0x1p12).to_vector<float>(), b.scale.to_vector<float>());
  };
  check(codes.rows, scaled.rows);
  check(codes.columns[0], scaled.columns[0]);
}

TEST(EncodeGradient, BlocksAreThoseOfTheirRowsAndSumsAreOfAll) {
  const int64_t rows = 201, columns = 70;
  const Tensor x = random_normal({rows, columns}, 0, 1, 3), factor = random_uniform({rows}, 0.1, 2, 4),
               offset = random_uniform({rows}, -1, 1, 5);
  const ops::GradientCodes codes =
      ops::encode_gradient(x, {.rows = false, .blocks = 3, .row_factor = factor, .row_offset = offset});
  EXPECT_FALSE(codes.rows.codes.defined());
  ASSERT_EQ(codes.columns.size(), 3u);
  for (int64_t b = 0; b < 3; ++b) {
    const int64_t begin = rows * b / 3, end = rows * (b + 1) / 3;
    const ops::GradientCodes alone = ops::encode_gradient(x.rows(begin, end), {.row_factor = factor.rows(begin, end)});
    const QTensor& block = codes.columns[static_cast<size_t>(b)];
    EXPECT_EQ(block.codes.to_vector<int8_t>(), alone.columns[0].codes.to_vector<int8_t>());
    EXPECT_EQ(block.scale.to_vector<float>(), alone.columns[0].scale.to_vector<float>());
  }
  for (int64_t j = 0; j < columns; ++j) {
    double sum = 0, of_offset = 0;
    for (int64_t r = 0; r < rows; ++r) {
      sum += x.data<float>()[r * columns + j];
      of_offset += double{offset.data<float>()[r]} * x.data<float>()[r * columns + j];
    }
    EXPECT_NEAR(codes.sum.data<float>()[j], sum, 1e-5);
    EXPECT_NEAR(codes.offset_sum.data<float>()[j], of_offset, 1e-5);
  }
}

TEST(ApplyMask, SelectsForEveryLengthModulo64) {
  for (int64_t n = 0; n <= 130; ++n) {
    const Tensor x = random_normal(Shape({n}), 0, 1, static_cast<uint64_t>(n));
    const ops::Encoding e =
        ops::encode_sign(x, Granularity::tensor, vec({1.0f}), {}, {PassRule::On::value, true, -0.5f, 0.5f});
    const std::vector<float> v = x.to_vector<float>(), y = ops::apply_mask(x, e.pass).to_vector<float>();
    for (size_t i = 0; i < v.size(); ++i) EXPECT_EQ(y[i], std::abs(v[i]) <= 0.5f ? v[i] : 0.0f);
    if (n % 8) {
      EXPECT_EQ(e.pass.to_vector<uint8_t>().back() >> (n % 8), 0);  // bits after the end are 0
    }
  }
}

TEST(GridSums, MatchesTheClosedFormOfLsq) {
  const Tensor x = row({0.7f, -0.4f, 1.3f, -2.6f, 0.12f, 0.31f}), g = row({0.5f, -1, 0.25f, 0.75f, -0.6f, 1.2f});
  const ops::GridSums s = ops::grid_sums(x, g, Granularity::row, vec({0.35f}), {}, -4, 3);
  const double scale_grad = s.residual.item() - 4 * s.below.item() + 3 * s.above.item();
  EXPECT_NEAR(scale_grad / std::sqrt(6.0 * 3.0), -0.4831896338, 1e-6);  // golden lsq_3bit
  EXPECT_EQ(s.below.item(), 0.75);
  EXPECT_EQ(s.above.item(), 0.25);
  const ops::GridSums edge =
      ops::grid_sums(row({1, -1, 0}), row({2, 4, 8}), Granularity::row, vec({1.0f}), {}, -1, 1, false);
  EXPECT_EQ(edge.above.item(), 2);
  EXPECT_EQ(edge.below.item(), 4);
  EXPECT_EQ(ops::sign_sum(row({0, -2, 3}), row({1, 2, 4}), Granularity::tensor).item(), 3);
}

TEST(Dequantize, HalfValuesAreTheRoundedOnes) {
  const std::vector<float> scales = {0.3f, 0, 1e-30f, 3e38f, 1e-41f, kInfinity, kNan};
  const int64_t rows = static_cast<int64_t>(scales.size()), columns = 70;
  for (const CodeBook book : {CodeBook::binary, CodeBook::bit, CodeBook::ternary, CodeBook::int8, CodeBook::uint8})
    for (const bool shifted : {false, true}) {
      const CodeRange range = range_of(book);
      std::vector<int8_t> codes;
      for (int64_t i = 0; i < rows * columns; ++i) {
        const int64_t level = range.low + i * 37 % (range.high - range.low + 1);
        codes.push_back(static_cast<int8_t>(book == CodeBook::binary && level == 0 ? 1 : level - zero_of(book)));
      }
      QTensor q{
          book, Granularity::row, Tensor::from(Shape{rows, columns}, codes), Tensor::from(Shape{rows}, scales), {}};
      if (shifted) q.offset = Tensor::from(Shape{rows}, std::vector<float>(scales.size(), -0.17f));
      const Tensor wide = dequantize(q);
      for (const DType dtype : {DType::f16, DType::bf16}) {
        const Tensor half = dequantize(q, dtype).to(DType::f32), expected = wide.to(dtype).to(DType::f32);
        for (int64_t i = 0; i < wide.numel(); ++i) {
          const float value = half.data<float>()[i], wanted = expected.data<float>()[i];
          ASSERT_TRUE(std::isnan(wanted) ? std::isnan(value) : std::memcmp(&value, &wanted, sizeof value) == 0)
              << to_string(book) << ' ' << to_string(dtype) << ' ' << i << ": " << value << " for " << wanted;
        }
      }
    }
}

}  // namespace
}  // namespace lowbit
