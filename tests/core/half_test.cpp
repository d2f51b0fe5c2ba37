#include "core/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/kernels/table.h"

namespace lowbit {
namespace {

constexpr int kValues = 1 << 16;
constexpr uint16_t kLargest = 0x7bff, kInfiniteHalf = 0x7c00;

/// The value of the bits by the definition of binary16, in exact arithmetic.
double value_of(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == 31)
    return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  return sign * (exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24));
}

TEST(Half, EveryF16WidensToItsValueAndBack) {
  for (int i = 0; i < kValues; ++i) {
    const f16 half{static_cast<uint16_t>(i)};
    const double expected = value_of(half.bits);
    const float wide = to_float(half);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(wide) && std::isnan(to_float(to_f16(wide)))) << i;
    } else {
      EXPECT_EQ(static_cast<double>(wide), expected) << i;
      EXPECT_EQ(std::signbit(wide), (i >> 15) != 0) << i;
      EXPECT_EQ(to_f16(wide).bits, half.bits);
    }
  }
}

/// Around the middle of every two neighbours: below it rounds down, above it up, on it to the even one.
TEST(Half, RoundsToNearestEvenAtEveryBoundary) {
  for (uint16_t low = 0; low <= kLargest; ++low) {
    const auto high = static_cast<uint16_t>(low + 1);  // infinity stands where 65536 would
    const double upper = high == kInfiniteHalf ? 65536 : value_of(high);
    const auto middle = static_cast<float>((value_of(low) + upper) / 2);
    EXPECT_EQ(to_f16(middle).bits, low % 2 == 0 ? low : high) << low;
    EXPECT_EQ(to_f16(std::nextafter(middle, 0.0f)).bits, low) << low;
    EXPECT_EQ(to_f16(std::nextafter(middle, 1e30f)).bits, high) << low;
    EXPECT_EQ(to_f16(-middle).bits, to_f16(middle).bits | 0x8000) << low;
  }
}

TEST(Half, Bf16RoundsToNearestEvenAndKeepsNan) {
  for (uint32_t i = 0; i < kValues; ++i) {
    const bf16 half{static_cast<uint16_t>(i)};
    const float wide = to_float(half);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(to_float(to_bf16(wide))));
      continue;
    }
    EXPECT_EQ(to_bf16(wide).bits, half.bits);
    if (std::isinf(wide)) continue;
    EXPECT_EQ(to_bf16(std::bit_cast<float>(i << 16 | 0x8000u)).bits, i % 2 == 0 ? i : i + 1);
    EXPECT_EQ(to_bf16(std::bit_cast<float>(i << 16 | 0x7fffu)).bits, i);
    EXPECT_EQ(to_bf16(std::bit_cast<float>(i << 16 | 0x8001u)).bits, i + 1);
  }
}

/// Every target that runs here, with and without conversion instructions, gives the bits of half.h.
TEST(Half, CastKernelsOfEveryTargetAgree) {
  std::vector<f16> halves;
  for (int i = 0; i < kValues; ++i) halves.push_back({static_cast<uint16_t>(i)});
  std::vector<float> singles;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 65521)  // a prime: every exponent, all kinds of fractions
    singles.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  Stream& stream = current_stream({});
  for (const Target cap : {Target::cpu_generic, Target::cpu_avx2, Target::cpu_avx512}) {
    const auto kernels = resolve(elementwise_impls(), DeviceType::cpu, cap);
    std::vector<float> wide(halves.size());
    kernels.cast(stream, {halves.data(), DType::f16, wide.data(), DType::f32, kValues});
    for (size_t i = 0; i < halves.size(); ++i)
      ASSERT_EQ(std::bit_cast<uint32_t>(wide[i]), std::bit_cast<uint32_t>(to_float(halves[i]))) << i;
    std::vector<f16> narrow(singles.size());
    kernels.cast(stream, {singles.data(), DType::f32, narrow.data(), DType::f16, static_cast<int64_t>(singles.size())});
    for (size_t i = 0; i < singles.size(); ++i)
      ASSERT_EQ(narrow[i].bits, to_f16(singles[i]).bits) << std::bit_cast<uint32_t>(singles[i]);
  }
}

TEST(Half, StochasticRoundingIsUnbiasedAndRepeatable) {
  constexpr int64_t kCount = 40000;
  const std::vector<float> x(kCount, 1.0f + 0.3f * 0x1p-7f);  // 30 % of the way between two bf16 values
  std::vector<bf16> first(kCount), again(kCount);
  const ElementwiseKernels& kernels = elementwise_kernels({}, DType::bf16);
  kernels.stochastic_round(current_stream({}), {x.data(), first.data(), kCount, 7});
  kernels.stochastic_round(current_stream({}), {x.data(), again.data(), kCount, 7});
  int64_t up = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    const float y = to_float(first[static_cast<size_t>(i)]);
    ASSERT_TRUE(y == 1.0f || y == 1.0f + 0x1p-7f);
    up += y > 1;
    ASSERT_EQ(first[static_cast<size_t>(i)].bits, again[static_cast<size_t>(i)].bits);
  }
  EXPECT_NEAR(static_cast<double>(up) / kCount, 0.3, 0.01);  // four standard deviations
  const float special[] = {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 0.0f,
                           std::numeric_limits<float>::max()};
  bf16 rounded[4];
  kernels.stochastic_round(current_stream({}), {special, rounded, 4, 7});
  EXPECT_TRUE(std::isinf(to_float(rounded[0])) && std::isnan(to_float(rounded[1])));
  EXPECT_EQ(to_float(rounded[2]), 0.0f);
}

}  // namespace
}  // namespace lowbit
