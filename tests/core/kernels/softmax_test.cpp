#include "core/ops/softmax.h"

#include <cmath>

#include "tests/support/parity.h"

namespace lowbit {
namespace {

TEST(LogSoftmax, EqualsTheDefinition) {
  for (const int64_t columns : {1, 7, 64, 1003})
    for (const double scale : {1.0, 0.25, 3.0}) {
      const Tensor x = random_normal({5, columns}, 3, 8, 1);
      const std::vector<float> y = ops::log_softmax(x, scale).to_vector<float>();
      for (int64_t r = 0; r < 5; ++r) {
        double sum = 0;
        const float* row = x.data<float>() + r * columns;
        for (int64_t j = 0; j < columns; ++j) sum += std::exp(scale * (double{row[j]} - row[0]));
        for (int64_t j = 0; j < columns; ++j)
          EXPECT_NEAR(y[static_cast<size_t>(r * columns + j)], scale * (double{row[j]} - row[0]) - std::log(sum), 2e-5);
      }
    }
}

TEST(LogSoftmax, OneBadLogitSpoilsItsRowOnly) {
  for (const float bad : {NAN, INFINITY}) {
    Tensor x = random_normal({3, 40}, 0, 1, 1);
    x.mutable_data<float>()[40 + 17] = bad;
    const std::vector<float> y = ops::log_softmax(x).to_vector<float>();
    for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i / 40 == 1) << i;
  }
}

}  // namespace
}  // namespace lowbit
