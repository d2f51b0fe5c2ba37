#include "nn/generate/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/random.h"

namespace lowbit {
namespace {

/// Against a stable sort, with many equal values and many impossible tokens.
TEST(Candidates, TopTokensAreThoseOfASort) {
  RandomState random{5};
  for (const int64_t size : {1, 2, 15, 255, 256, 257, 511, 512, 1000, 5000})
    for (const int64_t count : {0, 1, 2, 3, 10, 64, 65, 600})
      for (const uint64_t levels : {2, 40, 100000}) {
        std::vector<float> log_probs;
        for (int64_t i = 0; i < size; ++i) {
          const auto draw = static_cast<float>(random.next_below(levels));
          log_probs.push_back(draw == 0 ? -std::numeric_limits<float>::infinity() : -draw);
        }
        std::vector<int32_t> sorted(log_probs.size());
        std::iota(sorted.begin(), sorted.end(), 0);
        std::ranges::stable_sort(sorted, std::ranges::greater{},
                                 [&](int32_t id) { return log_probs[static_cast<size_t>(id)]; });
        sorted.resize(static_cast<size_t>(std::min(count, size)));
        ASSERT_EQ(top_tokens(log_probs, count), sorted) << size << " tokens, " << count << " of " << levels;
      }
}

}  // namespace
}  // namespace lowbit
