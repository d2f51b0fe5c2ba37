#pragma once

#include <chrono>
#include <functional>

#include "apps/lib/bench/bench.h"

namespace lowbit {

/// Wall time of one call.
template <class Fn>
double seconds_of(const Fn& fn) {
  const auto start = std::chrono::steady_clock::now();
  fn();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// round(counts) for each of the warm-up rounds, which do not count, and then of those that do; these under a profiler
/// whose trace goes to `options.profile` and whose tables go to standard error, if that is asked for.
void run_rounds(const BenchOptions& options, const std::function<void(bool counts)>& round);

}  // namespace lowbit
