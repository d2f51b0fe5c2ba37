#include "nn/quant/rescale.h"

#include <gtest/gtest.h>

#include <cmath>

#include "autograd/functions/elementwise.h"
#include "core/random.h"

namespace lowbit {
namespace {

constexpr int64_t kBatch = 2, kTime = 5, kChannels = 3;

/// sum(rescale(y) * u) in doubles, from the formula.
double loss(const std::vector<double>& y, const std::vector<float>& u, int64_t groups) {
  const int64_t steps = kTime / groups;
  double total = 0;
  for (int64_t g = 0; g < groups; ++g) {
    double gamma = 0;
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t b = 0; b < kBatch; ++b)
        for (int64_t i = (b * kTime + g * steps) * kChannels; i < (b * kTime + (g + 1) * steps) * kChannels; ++i) {
          const auto at = static_cast<size_t>(i);
          if (pass == 0)
            gamma = std::max(gamma, std::abs(y[at]));
          else
            total += u[at] * std::min(std::max(y[at] * 128 / (gamma + 1e-5), -128 + 1e-5), 128 - 1e-5);
        }
  }
  return total;
}

TEST(Rescale, GradientThroughTheMaximumAgreesWithDifferences) {
  const Tensor value = random_normal({kBatch, kTime, kChannels}, 0, 1, 9),
               upstream = random_normal({kBatch, kTime, kChannels}, 0, 1, 10);
  const Variable y(value, true);
  rescale_by_time(y, 2).backward(upstream);
  const std::vector<float> u = upstream.to_vector<float>(), grad = y.grad().to_vector<float>();
  std::vector<double> at;
  for (float v : value.to_vector<float>()) at.push_back(v);
  for (size_t i = 0; i < at.size(); ++i) {
    constexpr double kStep = 1e-6;
    std::vector<double> up = at, down = at;
    up[i] += kStep;
    down[i] -= kStep;
    EXPECT_NEAR(grad[i], (loss(up, u, 2) - loss(down, u, 2)) / (2 * kStep), 2e-3) << i;
  }
}

TEST(Rescale, IsBlindToTheSizeOfItsInput) {
  const Tensor value = random_normal({kBatch, kTime, kChannels}, 0, 1, 9);
  const Variable y(value, true);
  rescale_by_token(y).backward(random_normal(value.shape(), 0, 1, 10));
  for (int64_t t = 0; t < kBatch * kTime; ++t) {
    double radial = 0, size = 0;
    for (int64_t c = 0; c < kChannels; ++c) {
      const double term =
          static_cast<double>(value.data<float>()[t * kChannels + c]) * y.grad().data<float>()[t * kChannels + c];
      radial += term;
      size += std::abs(term);
    }
    EXPECT_LT(std::abs(radial), 1e-4 * size);
  }
}

TEST(Rescale, StepsLeftOverAreZero) {
  const Tensor value = random_normal({kBatch, kTime, kChannels}, 0, 1, 9);
  const Tensor q = rescale_by_time(Variable(value), 2).value();
  for (int64_t b = 0; b < kBatch; ++b)
    for (int64_t i = 0; i < kChannels; ++i) EXPECT_EQ(q.data<float>()[(b * kTime + 4) * kChannels + i], 0);
  for (float one : rescale_by_time(Variable(value), kTime + 1).value().to_vector<float>()) EXPECT_EQ(one, 0);
}

/// Output y of 64 x 32 with one large element, as in PyTorch's half precision.
struct Published {
  bool forward_finite = true;
  int64_t bad_gradients = 0;
};
Published published(float peak, float loss_scale, DType storage) {
  Tensor value = random_normal({1, 64, 32}, 0, 30, 9);
  value.mutable_data<float>()[777] = peak;
  const Variable leaf(value, true);
  const Variable z = rescale_as_published(cast(leaf, storage), 1);
  Tensor upstream = random_normal(z.shape(), 0, 1, 10);
  for (int64_t i = 0; i < upstream.numel(); ++i) upstream.mutable_data<float>()[i] *= loss_scale;
  z.backward(upstream.to(storage));
  Published result;
  for (const float v : z.value().to(DType::f32).to_vector<float>()) result.forward_finite &= std::isfinite(v);
  for (const float v : leaf.grad().to_vector<float>()) result.bad_gradients += !std::isfinite(v);
  return result;
}

TEST(PublishedRescale, FailsInF16UnderEveryLossScaleAndShowsNothingInTheForward) {
  for (const float scale : {0x1p-10f, 1.0f, 0x1p7f, 0x1p13f}) {
    for (const float peak : {512.0f, 790.0f}) {
      const Published half = published(peak, scale, DType::f16);
      EXPECT_TRUE(half.forward_finite);
      EXPECT_EQ(half.bad_gradients, 1) << "the element with the maximum, at scale " << scale;
    }
    EXPECT_EQ(published(511.5f, scale, DType::f16).bad_gradients, 0);
    EXPECT_EQ(published(790, scale, DType::f32).bad_gradients, 0);
    EXPECT_EQ(published(790, scale, DType::bf16).bad_gradients, 0);
  }
}

// As max() of NaN and anything is NaN in PyTorch.
TEST(Rescale, ANaNReachesTheWholeGroup) {
  Tensor value = random_normal({1, 4, kChannels}, 0, 1, 9);
  value.mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  for (const Variable& q : {rescale_by_time(Variable(value), 2), rescale_as_published(Variable(value), 2)})
    for (int64_t i = 0; i < value.numel(); ++i)
      EXPECT_EQ(std::isnan(q.value().data<float>()[i]), i < 2 * kChannels) << i;
}

TEST(PublishedRescale, IsRescaleByTimeWhereNothingOverflows) {
  const Tensor value = random_normal({kBatch, kTime, kChannels}, 0, 1, 9), dz = random_normal(value.shape(), 0, 1, 10);
  const Variable a(value, true), b(value, true);
  const Variable mine = rescale_by_time(a, 2), theirs = rescale_as_published(b, 2);
  mine.backward(dz);
  theirs.backward(dz);
  for (int64_t i = 0; i < value.numel(); ++i) {
    EXPECT_NEAR(mine.value().data<float>()[i], theirs.value().data<float>()[i], 1e-4);
    EXPECT_NEAR(a.grad().data<float>()[i], b.grad().data<float>()[i], 2e-3);
  }
}

}  // namespace
}  // namespace lowbit
