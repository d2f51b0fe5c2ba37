#pragma once

#include "core/kernels/cpu/quantize_stats.h"

/// Codes of gradients (ops/quantize.h). Internal linkage throughout (see simd.h).
namespace lowbit {
namespace {

/// A code is floor(v + u) of a value v in steps, u uniform in [0, 1) in steps of 2^-15: its mean is v to within 2^-16.
/// u is a hash of the largest magnitude of the group and the place in it; of its digits without the exponent, so that a
/// gradient times a power of two (loss scaling) has the same codes.
constexpr int kNoiseBits = 15;
constexpr uint32_t kNoiseMask = (1u << kNoiseBits) - 1;
constexpr float kGradientTop = 127.0f, kNoiseSteps = 1 << kNoiseBits;

inline uint32_t mix(uint32_t x) { return (x ^ x >> 16) * 0x85ebca6bu; }
inline uint32_t noise_seed(int32_t top_bits, int64_t group) {
  constexpr uint32_t kDigits = 0x7fffff;
  const uint32_t x = mix((static_cast<uint32_t>(top_bits) & kDigits) + static_cast<uint32_t>(group) * 0xc2b2ae35u);
  return (x ^ x >> 13) * 0x27d4eb2fu;
}
/// u for two places, times kNoiseSteps in bits 2 and 17.
inline uint32_t noise(uint32_t seed, int64_t at) { return mix(seed + static_cast<uint32_t>(at) * 0x9e3779b9u); }

/// `scaled` is v * kNoiseSteps.
inline int32_t round_by_chance(float scaled, uint32_t noise) {
  return (round_to_int(scaled) + static_cast<int32_t>(noise & kNoiseMask)) >> kNoiseBits;
}

/// Scale of a group whose largest magnitude is `top`, and what takes its values to round_by_chance(). A group with
/// something not finite gets scale NaN and codes without meaning.
struct GradientCoding {
  GradientCoding(float top, float smallest_scale) {
    const bool finite = top <= kHighest, usable = finite && top / kGradientTop >= smallest_scale;
    inverse = usable ? kGradientTop * kNoiseSteps / top : 0.0f;
    scale = !finite ? __builtin_nanf("") : usable ? top / kGradientTop : 0.0f;
  }
  float inverse, scale;
};

/// What one pass over some rows finds in their columns: largest |x * row_factor| as bits, sums of x and row_offset * x.
struct ColumnScan {
  int32_t* top;
  float *sum, *offset_sum;
};

/// Adds a row to a scan, and returns its own largest |x * column_factor| as bits.
template <bool factored, bool offset>
int32_t scan_row(const EncodeGradientArgs& a, int64_t row, ColumnScan scan) {
  const float *x = a.x + row * a.columns, *column_factor = a.column_factor;
  const float row_factor = a.row_factor ? a.row_factor[row] : 1.0f, row_offset = offset ? a.row_offset[row] : 0.0f;
  int32_t row_top = 0;
#pragma omp simd reduction(max : row_top)
  for (int64_t j = 0; j < a.columns; ++j) {
    const int32_t of_row = bits_of(abs(factored ? x[j] * column_factor[j] : x[j])),
                  of_column = bits_of(abs(x[j] * row_factor));
    row_top = of_row > row_top ? of_row : row_top;
    scan.top[j] = of_column > scan.top[j] ? of_column : scan.top[j];
    scan.sum[j] += x[j];
    if constexpr (offset) scan.offset_sum[j] += row_offset * x[j];
  }
  return row_top;
}

template <bool factored>
void encode_row(const EncodeGradientArgs& a, int64_t row, int32_t top) {
  const GradientCoding coding(float_of(top), a.smallest_scale);
  a.row_scale[row] = coding.scale;
  int8_t* codes = a.row_codes + row * a.columns;
  const float *x = a.x + row * a.columns, *column_factor = a.column_factor, inverse = coding.inverse;
  const uint32_t seed = noise_seed(top, row);
#pragma omp simd
  for (int64_t j = 0; j < a.columns; ++j) {
    const float value = factored ? x[j] * column_factor[j] : x[j];
    codes[j] = static_cast<int8_t>(round_by_chance(value * inverse, noise(seed, j) >> 17));
  }
}

template <bool factored, bool offset>
void encode_and_scan(const EncodeGradientArgs& a, int64_t begin, int64_t end, ColumnScan scan) {
  for (int64_t row = begin; row < end; ++row) {
    const int32_t top = scan_row<factored, offset>(a, row, scan);
    if (a.row_codes) encode_row<factored>(a, row, top);
  }
}

constexpr int64_t kTile = kGradientStrip;  ///< rows, and columns

/// How the columns of a block of rows are coded.
struct ColumnCoding {
  float* inverse;
  uint32_t* seed;
};

/// Rows [row, row + count) of a block of `size` rows that starts at row `begin`, in the columns from `first` on: four
/// codes of a column to a word. Asks for the next columns, for rows of a matrix are too far apart to be foreseen.
inline void encode_tile(const EncodeGradientArgs& a, ColumnCoding coding, int64_t begin, int64_t size, int64_t row,
                        int64_t count, int64_t first, int64_t columns) {
  uint32_t words[kTile / 4][kTile] = {};
  const float* inverse = coding.inverse + first;
  const uint32_t* seed = coding.seed + first;
  for (int64_t r = 0; r < count; r += 2) {
    uint32_t two[kTile];
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) two[j] = noise(seed[j], (row + r) / 2);
    for (int64_t t = r; t < r + 2 && t < count; ++t) {
      const float* x = a.x + (begin + row + t) * a.columns + first;
      const float factor = a.row_factor ? a.row_factor[begin + row + t] : 1.0f;
      const int of_noise = t == r ? 17 : 2, at = static_cast<int>(t % 4) * 8;
      uint32_t* word = words[t / 4];
      for (int64_t line = 0; line < kTile; line += 16) __builtin_prefetch(x + kTile + line);
      const auto put = [&](int64_t j) {
        const int32_t code = round_by_chance(x[j] * factor * inverse[j], two[j] >> of_noise);
        word[j] |= static_cast<uint32_t>(code & 0xff) << at;
      };
      if (columns == kTile)
#pragma omp simd
        for (int64_t j = 0; j < kTile; ++j) put(j);
      else
        for (int64_t j = 0; j < columns; ++j) put(j);
    }
  }
  int8_t* codes = a.column_codes + begin * a.columns + row;
  for (int64_t j = 0; j < columns; ++j) {
    uint32_t column[kTile / 4];
    for (int64_t w = 0; w < kTile / 4; ++w) column[w] = words[w][j];
    int8_t* to = codes + (first + j) * size;
    if (count == kTile)
      std::memcpy(to, column, kTile);
    else
      std::memcpy(to, column, static_cast<size_t>(count));
  }
}

/// Rows [begin, begin + size) of the gradient: codes by row and scans of strips of them, then codes by column.
inline void encode_block(const EncodeGradientArgs& a, int64_t block, int64_t begin, int64_t size, bool parallel) {
  const int64_t strips = (size + kGradientStrip - 1) / kGradientStrip, columns = a.columns;
  int32_t* tops = static_cast<int32_t*>(a.workspace);
  float* sums = reinterpret_cast<float*>(tops + strips * columns);
  float* offset_sums = sums + strips * columns;
  const ColumnCoding coding{offset_sums + strips * columns,
                            reinterpret_cast<uint32_t*>(offset_sums + (strips + 1) * columns)};
  const auto scan = a.column_factor ? (a.row_offset ? encode_and_scan<true, true> : encode_and_scan<true, false>)
                                    : (a.row_offset ? encode_and_scan<false, true> : encode_and_scan<false, false>);
  const auto rows_of = [=](int64_t strip) {
    return size - strip * kGradientStrip < kGradientStrip ? size - strip * kGradientStrip : kGradientStrip;
  };
  parallel_for(strips, parallel, [&](int64_t i) {
    const ColumnScan found{tops + i * columns, sums + i * columns, offset_sums + i * columns};
    for (int64_t j = 0; j < columns; ++j) found.top[j] = 0, found.sum[j] = 0, found.offset_sum[j] = 0;
    const int64_t first = begin + i * kGradientStrip;
    scan(a, first, first + rows_of(i), found);
  });
  for (int64_t i = 0; i < strips; ++i) {
    const int32_t* top = tops + i * columns;
    const float *sum = sums + i * columns, *offset_sum = offset_sums + i * columns;
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) {
      tops[j] = top[j] > tops[j] ? top[j] : tops[j];
      a.sum[j] += sum[j];
    }
    if (a.row_offset)
      for (int64_t j = 0; j < columns; ++j) a.offset_sum[j] += offset_sum[j];
  }
  if (!a.column_codes) return;
  for (int64_t j = 0; j < columns; ++j) {
    const GradientCoding one(float_of(tops[j]), a.smallest_scale);
    coding.inverse[j] = one.inverse;
    coding.seed[j] = noise_seed(tops[j], j);
    a.column_scale[block * columns + j] = one.scale;
  }
  parallel_for(strips, parallel, [&](int64_t i) {
    for (int64_t first = 0; first < columns; first += kTile)
      encode_tile(a, coding, begin, size, i * kGradientStrip, rows_of(i), first,
                  columns - first < kTile ? columns - first : kTile);
  });
}

inline void encode_gradient(Stream&, const EncodeGradientArgs& a) {
  for (int64_t j = 0; j < a.columns; ++j) {
    a.sum[j] = 0;
    if (a.row_offset) a.offset_sum[j] = 0;
  }
  for (int64_t b = 0; b < a.blocks; ++b) {
    const int64_t begin = block_begin(a.rows, a.blocks, b), size = block_begin(a.rows, a.blocks, b + 1) - begin;
    encode_block(a, b, begin, size, a.rows * a.columns > kParallelElements);
  }
}

}  // namespace
}  // namespace lowbit
