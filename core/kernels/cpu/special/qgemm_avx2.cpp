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

}  // namespace

void fill(QGemmKernels& table) {
  table.gemm = [](Stream& stream, const QGemmArgs& a) {
    return a.layout.bits == 8 ? gemm<ByteMicro>(stream, a) : gemm<NarrowMicro>(stream, a);
  };
  table.pack_panels = pack_panels;
}

}  // namespace lowbit::LB_TARGET_NS
