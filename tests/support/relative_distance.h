#pragma once

#include <cmath>
#include <vector>

namespace lowbit::testing {

/// |a - b| / |a|, Euclidean.
inline double relative_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    norm += double{a[i]} * a[i];
  }
  return std::sqrt(difference / norm);
}

}  // namespace lowbit::testing
