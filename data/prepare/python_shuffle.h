#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace lowbit {

/// The order that `random.Random(seed).shuffle(rows)` gives in CPython 3: published splits were drawn with it, and
/// which rows are the test set depends on it. Everything else shuffles with core/random.h.
class PythonShuffle {
 public:
  explicit PythonShuffle(uint32_t seed);

  template <class T>
  void operator()(std::vector<T>& rows) {  // Fisher and Yates from the end
    for (size_t i = rows.size(); i-- > 1;) std::swap(rows[i], rows[below(static_cast<uint32_t>(i + 1))]);
  }

 private:
  uint32_t below(uint32_t n);  // uniform in [0, n): draws bit_width(n) bits until they are below n

  std::mt19937 generator_;
};

}  // namespace lowbit
