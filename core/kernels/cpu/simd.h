#pragma once

#include <omp.h>

#include <cstdint>

#include "core/dtype.h"
#include "core/half.h"

/// What every CPU kernel source shares: the compute type of a storage type, loads and stores that round once, and
/// reductions whose order depends on the column only. Internal linkage throughout (see math.h).
namespace lowbit {
namespace {

template <class T>
struct ComputeType {
  using type = float;
};
template <>
struct ComputeType<double> {
  using type = double;
};
/// f64 computes in f64, every other floating type in f32.
template <class T>
using Compute = typename ComputeType<T>::type;

inline float load(const float* p) { return *p; }
inline double load(const double* p) { return *p; }
inline float load(const f16* p) { return to_float(*p); }
inline float load(const bf16* p) { return to_float(*p); }
inline void store(float* p, float x) { *p = x; }
inline void store(double* p, double x) { *p = x; }
inline void store(f16* p, float x) { *p = to_f16(x); }
inline void store(bf16* p, float x) { *p = to_bf16(x); }

/// Sum of fn(j) for j in [0, n) over 16 lanes (lane = j mod 16) that are then added pairwise: vectorisable, the same
/// bits on every target, and unchanged when zeros are appended.
constexpr int64_t kLanes = 16;
template <class C, class Fn>
inline C lane_sum(int64_t n, Fn fn) {
  C lanes[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes)
#pragma omp simd
    for (int64_t k = 0; k < kLanes; ++k) lanes[k] += fn(j + k);
  for (int64_t k = 0; j + k < n; ++k) lanes[k] += fn(j + k);
  for (int64_t width = kLanes / 2; width > 0; width /= 2)
    for (int64_t k = 0; k < width; ++k) lanes[k] += lanes[k + width];
  return lanes[0];
}

/// Maximum of fn(j); `low` when n is 0. NaN loses against numbers.
template <class C, class Fn>
inline C lane_max(int64_t n, C low, Fn fn) {
  C best = low;
#pragma omp simd reduction(max : best)
  for (int64_t j = 0; j < n; ++j) {
    const C value = fn(j);
    best = value > best ? value : best;
  }
  return best;
}

/// Work below this many elements is not worth a second thread.
constexpr int64_t kParallelElements = 16384;

/// The loop of parallel_for, compiled once. `fn` comes by value: what it captured by value then stays in registers.
template <class Fn>
[[gnu::noinline]] inline void for_range(Fn fn, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) fn(i);
}

/// fn(i) for i in [0, n): on all threads if `parallel`, else on this one. An OpenMP region costs most of a microsecond
/// even when its if clause is false, which the many small calls of one decoding step would feel.
template <class Fn>
inline void parallel_for(int64_t n, bool parallel, const Fn& fn) {
  if (!parallel) return for_range(fn, 0, n);
#pragma omp parallel
  {
    const int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
    for_range(fn, n * thread / threads, n * (thread + 1) / threads);
  }
}

/// fn(begin, end) over ranges that cover [0, n), for elementwise loops.
template <class Fn>
inline void parallel_ranges(int64_t n, const Fn& fn) {
  constexpr int64_t kRange = kParallelElements / 4;
  parallel_for((n + kRange - 1) / kRange, n > kParallelElements, [=](int64_t i) {
    const int64_t begin = i * kRange;
    fn(begin, n - begin < kRange ? n : begin + kRange);
  });
}

}  // namespace
}  // namespace lowbit

/// Calls Kernel<T>(args) for the floating type named by `dtype`. Only the generic target carries f64.
#define LB_VISIT_FLOATING(dtype, Kernel, args) \
  switch (dtype) {                             \
    case DType::f32:                           \
      return Kernel<float>(args);              \
    case DType::f16:                           \
      return Kernel<f16>(args);                \
    case DType::bf16:                          \
      return Kernel<bf16>(args);               \
    case DType::f64:                           \
      return Kernel<double>(args);             \
    default:                                   \
      return;                                  \
  }
