#pragma once

#include "core/kernels/cpu/quantize_groups.h"

/// Statistics of groups, of which scales are made. Internal linkage throughout (see simd.h).
namespace lowbit {
namespace {

/// Largest |x|. As integers, the bits of non-negative floats have their order, with NaN above infinity: NaN wins.
inline float absmax(const float* x, float shift, int64_t n) {
  int32_t best = 0;
#pragma omp simd reduction(max : best)
  for (int64_t j = 0; j < n; ++j) {
    const int32_t bits = bits_of(abs(x[j] - shift));
    best = bits > best ? bits : best;
  }
  return float_of(best);
}
inline float nan_max(float a, float b) { return bits_of(b) > bits_of(a) ? b : a; }  // of non-negative values

constexpr float kLowest = -3.402823466e38f, kHighest = 3.402823466e38f;
/// Extremes of x - shift; NaN loses.
inline float highest(const float* x, float shift, int64_t n) {
  return lane_max<float>(n, kLowest, [=](int64_t j) { return x[j] - shift; });
}
inline float lowest(const float* x, float shift, int64_t n) {
  return -lane_max<float>(n, kLowest, [=](int64_t j) { return shift - x[j]; });
}

struct Statistics {
  float absmax = 0, min = kHighest, max = kLowest;
  double sum_abs = 0, sum = 0;
  void operator+=(const Statistics& b) {
    absmax = nan_max(absmax, b.absmax);
    min = b.min < min ? b.min : min;
    max = b.max > max ? b.max : max;
    sum_abs += b.sum_abs;
    sum += b.sum;
  }
};

struct Sum {
  double value = 0;
  void operator+=(const Sum& b) { value += b.value; }
};

/// What scales of weights are made of, without the rest.
inline void mean_abs(const GroupStatsArgs& a) {
  for_each_group(a.groups, [&](int64_t g, bool parallel) {
    const int64_t size = a.groups.size;
    const float shift = a.shift ? a.shift[g] : 0.0f;
    const Sum sum = fold<Sum>(size, parallel, [&](int64_t begin, int64_t n) {
      const float* x = a.x + g * size + begin;
      return Sum{lane_sum<float>(n, [=](int64_t j) { return abs(x[j] - shift); })};
    });
    a.mean_abs[g] = size > 0 ? static_cast<float>(sum.value / static_cast<double>(size)) : 0.0f;
  });
}

inline void stats(Stream&, const GroupStatsArgs& a) {
  if (!a.absmax) return mean_abs(a);
  for_each_group(a.groups, [&](int64_t g, bool parallel) {
    const int64_t size = a.groups.size;
    const float shift = a.shift ? a.shift[g] : 0.0f;
    const Statistics s = fold<Statistics>(size, parallel, [&](int64_t begin, int64_t n) {
      const float* x = a.x + g * size + begin;
      return Statistics{absmax(x, shift, n), lowest(x, shift, n), highest(x, shift, n),
                        lane_sum<float>(n, [=](int64_t j) { return abs(x[j] - shift); }),
                        lane_sum<float>(n, [=](int64_t j) { return x[j] - shift; })};
    });
    const bool numbers = size > 0 && s.absmax == s.absmax;
    const float otherwise = size > 0 ? __builtin_nanf("") : 0.0f;
    const double count = static_cast<double>(size);
    a.absmax[g] = numbers ? s.absmax : otherwise;
    a.mean_abs[g] = numbers ? static_cast<float>(s.sum_abs / count) : otherwise;
    a.mean[g] = numbers ? static_cast<float>(s.sum / count) : otherwise;
    a.min[g] = numbers ? s.min + 0.0f : otherwise;  // + 0: no negative zero, whatever the order of comparisons
    a.max[g] = numbers ? s.max + 0.0f : otherwise;
  });
}

struct SumAndCount {
  double sum = 0, count = 0;
  void operator+=(const SumAndCount& b) { sum += b.sum, count += b.count; }
};

inline void mean_above(Stream&, const MeanAboveArgs& a) {
  for_each_group(a.groups, [&](int64_t g, bool parallel) {
    const float threshold = a.threshold[g];
    const SumAndCount s = fold<SumAndCount>(a.groups.size, parallel, [&](int64_t begin, int64_t n) {
      const float* x = a.x + g * a.groups.size + begin;
      // !(<=) and not (>): a NaN survives, and shows in the sum.
      return SumAndCount{lane_sum<float>(n, [=](int64_t j) { return !(abs(x[j]) <= threshold) ? abs(x[j]) : 0.0f; }),
                         lane_sum<float>(n, [=](int64_t j) { return !(abs(x[j]) <= threshold) ? 1.0f : 0.0f; })};
    });
    a.mean[g] = s.count > 0 ? static_cast<float>(s.sum / s.count) : 0.0f;
  });
}

}  // namespace
}  // namespace lowbit
