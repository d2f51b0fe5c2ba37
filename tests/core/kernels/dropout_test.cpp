#include "core/kernels/dropout.h"

#include "core/error.h"
#include "core/ops/dropout.h"
#include "core/ops/elementwise.h"
#include "core/random.h"
#include "tests/support/parity.h"

namespace lowbit {
namespace {

using testing::cpu;
using testing::kRaggedSizes;
using testing::random_floats;

/// Known answers of Philox4x32-10, printed in the kat_vectors file of Random123 1.09.
TEST(Philox, KnownAnswers) {
  const PhiloxBlock zeros = philox(0, 0, 0), ones = philox(~0ull, ~0ull, ~0ull);
  EXPECT_EQ(std::vector<uint32_t>(zeros.words, zeros.words + 4),
            (std::vector<uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(std::vector<uint32_t>(ones.words, ones.words + 4),
            (std::vector<uint32_t>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(DropoutKernels, EveryTargetFollowsTheDefinition) {
  const uint64_t key = 0x0123456789abcdefull;
  const uint32_t threshold = 20000;
  const auto check = [&](const std::string& name, const DropoutKernels& table) {
    for (const int64_t n : kRaggedSizes) {
      std::vector<float> x = random_floats(n, 3), y = x;
      if (n > 5) x[5] = NAN;
      const std::vector<float> residual = random_floats(n, 4);
      std::vector<float> sum(x.size());
      table.apply(cpu(), {x.data(), nullptr, y.data(), n, key, threshold, 2, DType::f32});
      table.apply(cpu(), {x.data(), residual.data(), sum.data(), n, key, threshold, 2, DType::f32});
      for (int64_t i = 0; i < n; ++i) {
        const auto u = static_cast<uint64_t>(i);
        const uint32_t half = (u / 16) % 8;
        const uint32_t random = philox(key, 16 * (u / 128) + u % 16)[half / 2] >> (half % 2 * 16) & 0xffff;
        const float expected = random >= threshold ? 2 * x[static_cast<size_t>(i)] : 0;
        const float got = y[static_cast<size_t>(i)];
        EXPECT_TRUE(got == expected || (std::isnan(got) && std::isnan(expected))) << name << ' ' << n << ' ' << i;
        const float added = residual[static_cast<size_t>(i)] + expected, found = sum[static_cast<size_t>(i)];
        EXPECT_TRUE(found == added || (std::isnan(found) && std::isnan(added))) << name << ' ' << n << ' ' << i;
      }
    }
  };
  testing::for_each_target(dropout_impls(),
                           [&](const std::string& name, const DropoutKernels& generic, const DropoutKernels& fast) {
                             check("generic", generic);
                             check(name, fast);
                           });
}

TEST(Dropout, RateAndExpectation) {
  const int64_t n = 1 << 20;
  for (const double p : {0.1, 0.5, 0.9}) {
    int64_t dropped = 0;
    double sum = 0;
    for (const float y : ops::dropout(ops::full(Shape{n}, 1), p, 5).to_vector<float>()) dropped += y == 0, sum += y;
    const double deviation = std::sqrt(p * (1 - p) / n);
    EXPECT_NEAR(static_cast<double>(dropped) / n, p, 5 * deviation) << p;
    EXPECT_NEAR(sum / n, 1, 5 * deviation / (1 - p)) << p;
  }
}

TEST(Dropout, KeysGiveIndependentMasks) {
  const int64_t n = 1 << 16;
  const std::vector<float> a = ops::dropout(ops::full(Shape{n}, 1), 0.5, 1).to_vector<float>();
  const std::vector<float> b = ops::dropout(ops::full(Shape{n}, 1), 0.5, 2).to_vector<float>();
  int64_t agree = 0;
  for (size_t i = 0; i < a.size(); ++i) agree += a[i] == b[i];
  EXPECT_NEAR(static_cast<double>(agree) / n, 0.5, 0.01);
}

TEST(Dropout, WithAResidual) {
  const Tensor x = random_normal({3, 50}, 0, 1, 1), residual = random_normal({3, 50}, 0, 1, 2);
  for (const double p : {0.0, 0.3})
    EXPECT_EQ(ops::dropout_add(residual, x, p, 9).to_vector<float>(),
              ops::add(residual, ops::dropout(x, p, 9)).to_vector<float>());
  EXPECT_THROW(ops::dropout_add(Tensor::zeros({3, 49}), x, 0.3, 9), Error);
}

TEST(Dropout, RefusesAProbabilityOfOne) { EXPECT_THROW(ops::dropout(Tensor::zeros(Shape{2}), 1, 0), Error); }

}  // namespace
}  // namespace lowbit
