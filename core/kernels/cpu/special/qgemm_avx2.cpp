#include <immintrin.h>

#include "core/kernels/cpu/special/qgemm_blocks.h"

namespace lowbit::LB_TARGET_NS {
namespace {

inline __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline __m256i broadcast4(const void* p) {
  int32_t bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return _mm256_set1_epi32(bytes);
}
/// acc + x, computed in place and in program order. Left alone, g++ 12 moves the loads of all rows to the front of a
/// tile and spills its accumulators, at half the speed.
inline __m256i add16(__m256i acc, __m256i x) {
  __asm__ volatile("vpaddw %1, %0, %0" : "+x"(acc) : "x"(x));
  return acc;
}
inline __m256i add32(__m256i acc, __m256i x) {
  __asm__ volatile("vpaddd %1, %0, %0" : "+x"(acc) : "x"(x));
  return acc;
}
inline void add_to(int32_t* acc, __m256i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(acc), _mm256_add_epi32(load(acc), x));
}

/// Fields of at most 4 bits. VPMADDUBSW sums two products u * x in an int16; |sum| <= 2 * 128 * u, so 128 / u of them
/// fit before they are widened: -128 * 256 is the lowest int16.
struct NarrowMicro {
  using X = int8_t;
  using W = uint8_t;
  static constexpr int64_t kRows = 6, kSteps = 256;

  static void prepare_x(const int8_t* codes, int64_t columns, X* x) { copy_codes(codes, columns, x); }
  static const W* prepare_w(const uint8_t* lines, const WeightLayout& layout, int64_t steps, W* scratch) {
    return unpack(lines, layout, steps, scratch);
  }
  static int64_t exact_steps(const WeightLayout& layout) { return layout.bits == 1 ? 128 : layout.bits == 2 ? 64 : 8; }

  template <int rows>
  static void accumulate(const X* x, const W* w, int64_t steps, const WeightLayout& layout, int32_t* acc) {
    const __m256i ones = _mm256_set1_epi16(1);
    const int64_t exact = exact_steps(layout);
    for (int64_t begin = 0; begin < steps; begin += exact) {
      __m256i low[rows], high[rows];
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) low[r] = high[r] = _mm256_setzero_si256();
      const int64_t end = min(steps, begin + exact);
      for (int64_t s = begin; s < end; ++s) {
        const __m256i u_low = load(w + s * kLineBytes), u_high = load(w + s * kLineBytes + 32);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
          const __m256i xs = broadcast4(x + r * x_stride<NarrowMicro>() + s * kStepColumns);
          low[r] = add16(low[r], _mm256_maddubs_epi16(u_low, xs));
          high[r] = add16(high[r], _mm256_maddubs_epi16(u_high, xs));
        }
      }
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        add_to(acc + r * kTaskColumns, _mm256_madd_epi16(low[r], ones));
        add_to(acc + r * kTaskColumns + 8, _mm256_madd_epi16(high[r], ones));
      }
    }
  }
};

/// Bytes, as int16: VPMADDWD sums two products exactly. Even and odd columns are held apart, so that a mask or a shift
/// widens them; u stays unsigned.
struct ByteMicro {
  using X = int16_t;   // the even columns of the block, then the odd ones
  using W = uint16_t;  // of each step: columns 0 and 2 of the outputs, then columns 1 and 3
  static constexpr int64_t kRows = 6, kSteps = 128, kOdd = kSteps * kStepColumns / 2;

  static void prepare_x(const int8_t* codes, int64_t columns, X* x) {
    alignas(32) int8_t padded[kSteps * kStepColumns];
    copy_codes(codes, columns, padded);
#pragma omp simd
    for (int64_t i = 0; i < div_up(columns, kStepColumns) * kStepColumns / 2; ++i) {
      x[i] = padded[2 * i];
      x[i + kOdd] = padded[2 * i + 1];
    }
  }
  static const W* prepare_w(const uint8_t* lines, const WeightLayout&, int64_t steps, W* scratch) {
    const __m256i even = _mm256_set1_epi16(0xff);
    for (int64_t s = 0; s < steps; ++s)
      for (int64_t half = 0; half < 2; ++half) {
        const __m256i u = load(lines + s * kLineBytes + half * 32);
        W* out = scratch + s * kLineBytes + half * 16;
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_and_si256(u, even));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 32), _mm256_srli_epi16(u, 8));
      }
    return scratch;
  }

  template <int rows>
  static void accumulate(const X* x, const W* w, int64_t steps, const WeightLayout&, int32_t* acc) {
    __m256i low[rows], high[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) low[r] = high[r] = _mm256_setzero_si256();
    for (int64_t s = 0; s < steps; ++s, w += kLineBytes)
#pragma GCC unroll 2
      for (int odd = 0; odd < 2; ++odd) {
        const __m256i u_low = load(w + odd * 32), u_high = load(w + odd * 32 + 16);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
          const __m256i xs = broadcast4(x + r * x_stride<ByteMicro>() + odd * kOdd + s * 2);
          low[r] = add32(low[r], _mm256_madd_epi16(u_low, xs));
          high[r] = add32(high[r], _mm256_madd_epi16(u_high, xs));
        }
      }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      add_to(acc + r * kTaskColumns, low[r]);
      add_to(acc + r * kTaskColumns + 8, high[r]);
    }
  }
};

/// One row of x: weights are unpacked in registers. A line is halved into nibbles by one shift; within a nibble the
/// fields stay where they are, so that field p of it counts 2^(p * bits) times and has an accumulator of its own.
template <int bits>
struct NarrowRowMicro {
  using X = int8_t;
  using W = uint8_t;
  static constexpr int64_t kRows = 1, kSteps = 256;
  static constexpr int kFields = 4 / bits;
  /// 16 products of at most 2 * 128 * 8, or 8 of 2 * 128 * 15, fit an int16; a line adds two.
  static constexpr int64_t kExactLines = bits == 4 ? 4 : 8;

  static void prepare_x(const int8_t* codes, int64_t columns, X* x) { copy_codes(codes, columns, x); }
  static const W* prepare_w(const uint8_t* lines, const WeightLayout&, int64_t, W*) { return lines; }

  template <int>
  static void accumulate(const X* x, const W* w, int64_t steps, const WeightLayout&, int32_t* acc) {
    const __m256i ones = _mm256_set1_epi16(1);
    const int64_t lines = div_up(steps, 2 * kFields);
    for (int64_t begin = 0; begin < lines; begin += kExactLines) {
      __m256i low[kFields], high[kFields];
#pragma GCC unroll 4
      for (int p = 0; p < kFields; ++p) low[p] = high[p] = _mm256_setzero_si256();
      const int64_t end = min(lines, begin + kExactLines);
      for (int64_t line = begin; line < end; ++line) {
        const __m256i line_low = load(w + line * kLineBytes), line_high = load(w + line * kLineBytes + 32);
        const X* xs = x + line * 2 * kFields * kStepColumns;
#pragma GCC unroll 2
        for (int nibble = 0; nibble < 2; ++nibble)
#pragma GCC unroll 4
          for (int p = 0; p < kFields; ++p) {
            const __m256i mask = _mm256_set1_epi8(((1 << bits) - 1) << (p * bits));
            const __m256i codes = broadcast4(xs + (nibble * kFields + p) * kStepColumns);
            const __m256i u_low = _mm256_and_si256(_mm256_srli_epi16(line_low, 4 * nibble), mask);
            const __m256i u_high = _mm256_and_si256(_mm256_srli_epi16(line_high, 4 * nibble), mask);
            low[p] = _mm256_add_epi16(low[p], _mm256_maddubs_epi16(u_low, codes));
            high[p] = _mm256_add_epi16(high[p], _mm256_maddubs_epi16(u_high, codes));
          }
      }
#pragma GCC unroll 4
      for (int p = 0; p < kFields; ++p) {
        add_to(acc, _mm256_madd_epi16(_mm256_srai_epi16(low[p], p * bits), ones));
        add_to(acc + 8, _mm256_madd_epi16(_mm256_srai_epi16(high[p], p * bits), ones));
      }
    }
  }
};

/// One row of x against bytes, widened in registers.
struct ByteRowMicro : ByteMicro {
  using W = uint8_t;
  static constexpr int64_t kRows = 1;

  static const W* prepare_w(const uint8_t* lines, const WeightLayout&, int64_t, W*) { return lines; }

  template <int>
  static void accumulate(const X* x, const W* w, int64_t steps, const WeightLayout&, int32_t* acc) {
    const __m256i even = _mm256_set1_epi16(0xff);
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int64_t s = 0; s < steps; ++s, w += kLineBytes) {
      const __m256i u_low = load(w), u_high = load(w + 32);
      const __m256i x_even = broadcast4(x + 2 * s), x_odd = broadcast4(x + kOdd + 2 * s);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_and_si256(u_low, even), x_even));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_and_si256(u_high, even), x_even));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_srli_epi16(u_low, 8), x_odd));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_srli_epi16(u_high, 8), x_odd));
    }
    add_to(acc, low);
    add_to(acc + 8, high);
  }
};

template <int bits>
void gemm_of(const QGemmArgs& a) {
  if constexpr (bits == 8)
    return a.m == 1 ? gemm<ByteRowMicro>(a) : gemm<ByteMicro>(a);
  else
    return a.m == 1 ? gemm<NarrowRowMicro<bits>>(a) : gemm<NarrowMicro>(a);
}

}  // namespace

void fill(QGemmKernels& table) {
  table.gemm = [](Stream&, const QGemmArgs& a) {
    switch (a.layout.bits) {
      case 1:
        return gemm_of<1>(a);
      case 2:
        return gemm_of<2>(a);
      case 4:
        return gemm_of<4>(a);
      default:
        return gemm_of<8>(a);
    }
  };
  table.pack_panels = pack_panels;
}

}  // namespace lowbit::LB_TARGET_NS
