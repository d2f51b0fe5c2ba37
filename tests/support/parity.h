#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/table.h"
#include "core/random.h"
#include "core/stream.h"

namespace lowbit::testing {

inline Stream& cpu() { return current_stream({}); }

/// Row lengths around every vector width, its multiples and the empty row.
inline constexpr std::array<int64_t, 12> kRaggedSizes = {0, 1, 3, 15, 16, 17, 33, 63, 64, 65, 127, 1023};

/// Calls fn(target name, generic table, table capped at that target) for every faster row that this machine runs, and
/// names those that it does not.
template <class Table, class Fn>
void for_each_target(std::span<const Impl<Table>> rows, Fn fn) {
  const Table generic = resolve(rows, DeviceType::cpu, Target::cpu_generic);
  for (const Impl<Table>& row : rows) {
    if (row.target == Target::cpu_generic || device_of(row.target) != DeviceType::cpu) continue;
    const std::string name(to_string(row.target));
    if (runs_here(row.target))
      fn(name, generic, resolve(rows, DeviceType::cpu, row.target));
    else
      std::cout << "not run: " << name << " (this CPU lacks it)\n";
  }
}

inline std::vector<float> random_floats(int64_t n, uint64_t seed, double low = -1, double high = 1) {
  return random_uniform(Shape{n}, low, high, seed).to_vector<float>();
}

/// Every element of `got` within tolerance * max(1, largest finite |expected|); NaN and infinities in the same places.
template <class T>
::testing::AssertionResult all_near(std::span<const T> got, std::span<const T> expected, double tolerance) {
  if (got.size() != expected.size())
    return ::testing::AssertionFailure() << got.size() << " elements, expected " << expected.size();
  double largest = 1;
  for (T value : expected)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (size_t i = 0; i < got.size(); ++i) {
    const double a = static_cast<double>(got[i]), b = static_cast<double>(expected[i]);
    const bool same = std::isnan(b) ? std::isnan(a) : (std::isinf(b) ? a == b : std::abs(a - b) <= tolerance * largest);
    if (!same) return ::testing::AssertionFailure() << "element " << i << ": " << a << ", expected " << b;
  }
  return ::testing::AssertionSuccess();
}
template <class T>
::testing::AssertionResult all_near(const std::vector<T>& got, const std::vector<T>& expected, double tolerance) {
  return all_near(std::span<const T>(got), std::span<const T>(expected), tolerance);
}

}  // namespace lowbit::testing
