#pragma once

#include <chrono>
#include <cstdint>

namespace lowbit {

/// Wall time of one call.
template <class Fn>
double seconds_of(const Fn& fn) {
  const auto start = std::chrono::steady_clock::now();
  fn();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// round(counts) for each of `warmup` rounds that do not count and then `rounds` that do.
template <class Fn>
void run_rounds(int64_t warmup, int64_t rounds, const Fn& round) {
  for (int64_t i = 0; i < warmup + rounds; ++i) round(i >= warmup);
}

}  // namespace lowbit
