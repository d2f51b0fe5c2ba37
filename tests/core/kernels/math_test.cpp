#include "core/kernels/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lowbit {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// |got - expected| in units of the last place of a float near `expected`.
double ulps(float got, double expected) {
  const float near = static_cast<float>(expected);
  return std::abs(static_cast<double>(got) - expected) / static_cast<double>(std::nextafter(near, kInfinity) - near);
}

TEST(KernelMath, ExpIsWithinThreeUlps) {
  double worst = 0;
  for (float x = -87.3f; x < 88.3f; x += 0.00037f) worst = std::max(worst, ulps(math::exp(x), std::exp(double{x})));
  EXPECT_LE(worst, 3);
  EXPECT_EQ(math::exp(0.0f), 1.0f);
}

TEST(KernelMath, ExpBeyondItsRange) {
  for (const float x : {-87.31f, -88.0f, -1e4f, -1e30f, -kInfinity}) EXPECT_EQ(math::exp(x), 0.0f) << x;
  for (const float x : {88.5f, 89.0f, 1e4f, 1e30f, kInfinity}) EXPECT_EQ(math::exp(x), kInfinity) << x;
  EXPECT_TRUE(std::isnan(math::exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(KernelMath, ErfIsWithinItsStatedError) {
  double worst = 0;
  for (float x = -6; x < 6; x += 0.0001f)
    worst = std::max(worst, std::abs(static_cast<double>(math::erf(x)) - std::erf(double{x})));
  EXPECT_LE(worst, 5.5e-7);
}

}  // namespace
}  // namespace lowbit
