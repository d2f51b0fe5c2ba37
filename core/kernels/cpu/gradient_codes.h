#pragma once

#include "core/kernels/cpu/quantize_stats.h"

/// Codes of gradients (ops/quantize.h). Internal linkage throughout (see simd.h).
namespace lowbit {
namespace {

/// A code is floor(v + u) of a value v in steps, u uniform in [0, 1): its mean is v. u is a hash of the largest
/// magnitude of the group and the place in it.
constexpr int kNoiseBits = 15;
constexpr uint32_t kNoiseMask = (1u << kNoiseBits) - 1;
constexpr float kGradientTop = 127.0f, kNoiseSteps = 1 << kNoiseBits;

inline uint32_t mix(uint32_t x) { return (x ^ x >> 16) * 0x85ebca6bu; }
inline uint32_t noise_seed(int32_t top_bits, int64_t group) {
  const uint32_t x = mix(static_cast<uint32_t>(top_bits) + static_cast<uint32_t>(group) * 0xc2b2ae35u);
  return (x ^ x >> 13) * 0x27d4eb2fu;
}
/// u for two places, times kNoiseSteps in bits 2 and 17.
inline uint32_t noise(uint32_t seed, int64_t at) { return mix(seed + static_cast<uint32_t>(at) * 0x9e3779b9u); }

/// `scaled` is v * kNoiseSteps.
inline int32_t round_by_chance(float scaled, uint32_t noise) {
  const int32_t level = bits_of(magic_round(scaled)) - bits_of(12582912.0f);
  return (level + static_cast<int32_t>(noise & kNoiseMask)) >> kNoiseBits;
}

/// Scale of a group whose largest magnitude is `top`, and what takes its values to round_by_chance(). A group with
/// something not finite gets scale NaN and the codes 0.
struct GradientCoding {
  GradientCoding(float top, float smallest_scale) {
    const bool finite = top <= kHighest, usable = finite && top / kGradientTop >= smallest_scale;
    inverse = usable ? kGradientTop * kNoiseSteps / top : 0.0f;
    scale = !finite ? __builtin_nanf("") : usable ? top / kGradientTop : 0.0f;
  }
  float inverse, scale;
};

/// value(j) for j in [0, n) to codes; returns their scale.
template <class Fn>
float encode_row(int64_t n, int64_t row, float smallest_scale, int8_t* codes, Fn value) {
  int32_t top = 0;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < n; ++j) {
    const int32_t bits = bits_of(abs(value(j)));
    top = bits > top ? bits : top;
  }
  const GradientCoding coding(float_of(top), smallest_scale);
  const float inverse = coding.inverse;
  const uint32_t seed = noise_seed(top, row);
  if (inverse == 0)
    std::memset(codes, 0, static_cast<size_t>(n));
  else
#pragma omp simd
    for (int64_t j = 0; j < n; ++j)
      codes[j] = static_cast<int8_t>(round_by_chance(value(j) * inverse, noise(seed, j) >> 17));
  return coding.scale;
}

inline void encode_rows(Stream&, const EncodeRowsArgs& a) {
  const int64_t size = a.groups.size;
  parallel_for(a.groups.count, a.groups.count * size > kParallelElements, [=](int64_t g) {
    const float *x = a.x + g * size, *factor = a.factor;
    int8_t* codes = a.codes + g * size;
    a.scale[g] = factor ? encode_row(size, g, a.smallest_scale, codes, [=](int64_t j) { return x[j] * factor[j]; })
                        : encode_row(size, g, a.smallest_scale, codes, [=](int64_t j) { return x[j]; });
  });
}

constexpr int64_t kTile = 64;  ///< rows and columns

struct ColumnCoding {
  float inverse[kTile];
  uint32_t seed[kTile];
};

/// Rows [row, row + count) of the columns from `first` on, four codes of a column to a word.
inline void encode_tile(const EncodeColumnsArgs& a, const ColumnCoding& coding, int64_t row, int64_t count,
                        int64_t first, int64_t columns) {
  uint32_t words[kTile / 4][kTile] = {};
  for (int64_t r = 0; r < count; r += 2) {
    uint32_t two[kTile];
#pragma omp simd
    for (int64_t j = 0; j < kTile; ++j) two[j] = noise(coding.seed[j], (row + r) / 2);
    for (int64_t t = r; t < r + 2 && t < count; ++t) {
      const float* x = a.x + (row + t) * a.columns + first;
      const float factor = a.factor ? a.factor[row + t] : 1.0f;
      const int of_noise = t == r ? 17 : 2, at = static_cast<int>(t % 4) * 8;
      uint32_t* word = words[t / 4];
      const auto put = [&](int64_t j) {
        const int32_t code = round_by_chance(x[j] * factor * coding.inverse[j], two[j] >> of_noise);
        word[j] |= static_cast<uint32_t>(code & 0xff) << at;
      };
      if (columns == kTile)
#pragma omp simd
        for (int64_t j = 0; j < kTile; ++j) put(j);
      else
        for (int64_t j = 0; j < columns; ++j) put(j);
    }
  }
  for (int64_t j = 0; j < columns; ++j) {
    uint32_t codes[kTile / 4];
    for (int64_t w = 0; w < (count + 3) / 4; ++w) codes[w] = words[w][j];
    std::memcpy(a.codes + (first + j) * a.rows + row, codes, static_cast<size_t>(count));
  }
}

/// The columns from `first` on.
inline void encode_column_group(const EncodeColumnsArgs& a, int64_t first, int64_t columns) {
  int32_t top[kTile] = {};
  for (int64_t r = 0; r < a.rows; ++r) {
    const float* x = a.x + r * a.columns + first;
    const float factor = a.factor ? a.factor[r] : 1.0f;
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) {
      const int32_t bits = bits_of(abs(x[j] * factor));
      top[j] = bits > top[j] ? bits : top[j];
    }
  }
  ColumnCoding coding{};
  for (int64_t j = 0; j < columns; ++j) {
    const GradientCoding one(float_of(top[j]), a.smallest_scale);
    coding.inverse[j] = one.inverse;
    coding.seed[j] = noise_seed(top[j], first + j);
    a.scale[first + j] = one.scale;
  }
  for (int64_t r = 0; r < a.rows; r += kTile)
    encode_tile(a, coding, r, a.rows - r < kTile ? a.rows - r : kTile, first, columns);
}

inline void encode_columns(Stream&, const EncodeColumnsArgs& a) {
  const int64_t groups = (a.columns + kTile - 1) / kTile;
  parallel_for(groups, a.rows * a.columns > kParallelElements, [&](int64_t g) {
    const int64_t first = g * kTile;
    encode_column_group(a, first, a.columns - first < kTile ? a.columns - first : kTile);
  });
}

}  // namespace
}  // namespace lowbit
