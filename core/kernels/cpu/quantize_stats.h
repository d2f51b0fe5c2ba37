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

struct Extremes {
  float absmax = 0, min = kHighest, max = kLowest;
  void operator+=(const Extremes& b) {
    absmax = nan_max(absmax, b.absmax);
    min = b.min < min ? b.min : min;
    max = b.max > max ? b.max : max;
  }
};
/// Of x - shift, in one pass; NaN wins in absmax and loses in the others.
inline Extremes extremes(const float* x, float shift, int64_t n) {
  int32_t top = 0;
  float min = kHighest, max = kLowest;
#pragma omp simd reduction(max : top, max) reduction(min : min)
  for (int64_t j = 0; j < n; ++j) {
    const float value = x[j] - shift;
    const int32_t bits = bits_of(abs(value));
    top = bits > top ? bits : top;
    min = value < min ? value : min;
    max = value > max ? value : max;
  }
  return {float_of(top), min, max};
}

struct Statistics {
  Extremes extremes;
  double sum_abs = 0, sum = 0;
  void operator+=(const Statistics& b) {
    extremes += b.extremes;
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
      return Statistics{extremes(x, shift, n), lane_sum<float>(n, [=](int64_t j) { return abs(x[j] - shift); }),
                        lane_sum<float>(n, [=](int64_t j) { return x[j] - shift; })};
    });
    const bool numbers = size > 0 && s.extremes.absmax == s.extremes.absmax;
    const float otherwise = size > 0 ? __builtin_nanf("") : 0.0f;
    const double count = static_cast<double>(size);
    a.absmax[g] = numbers ? s.extremes.absmax : otherwise;
    a.mean_abs[g] = numbers ? static_cast<float>(s.sum_abs / count) : otherwise;
    a.mean[g] = numbers ? static_cast<float>(s.sum / count) : otherwise;
    a.min[g] = numbers ? s.extremes.min + 0.0f : otherwise;  // + 0: no negative zero, whatever the order of comparisons
    a.max[g] = numbers ? s.extremes.max + 0.0f : otherwise;
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
