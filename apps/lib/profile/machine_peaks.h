#pragma once

namespace lowbit {

/// What this machine reaches with the current number of threads. Products of 1024 x 768 x 768, the best of several
/// calls; binary products that count bits, and others that look up tables, may be faster than the integer one.
struct MachinePeaks {
  double f32, bf16, integer;  ///< of matrix products, 1e9 operations a second; integer: int8 x int8
  double memory;              ///< reading weights that fit no cache, 1e9 bytes a second
};

/// Takes about half a second.
MachinePeaks measure_peaks();

}  // namespace lowbit
