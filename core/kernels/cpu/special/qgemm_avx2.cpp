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
inline void add_to(int32_t* acc, __m256i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(acc), _mm256_add_epi32(load(acc), x));
}

/// Fields of at most 4 bits. VPMADDUBSW sums two products u * x in an int16; |sum| <= 2 * 128 * u, so 128 / u of them
/// fit before they are widened: -128 * 256 is the lowest int16.
struct NarrowMicro {
  using X = int8_t;
  using W = uint8_t;
  static constexpr int64_t kRows = 6, kSteps = 256;

  static void prepare_x(const int8_t* codes, int64_t steps, X* x) {
    std::memcpy(x, codes, static_cast<size_t>(steps * kStepColumns));
  }
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
      for (int r = 0; r < rows; ++r) low[r] = high[r] = _mm256_setzero_si256();
      const int64_t end = min(steps, begin + exact);
      for (int64_t s = begin; s < end; ++s) {
        const __m256i u_low = load(w + s * kLineBytes), u_high = load(w + s * kLineBytes + 32);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
          const __m256i xs = broadcast4(x + r * kSteps * kStepColumns + s * kStepColumns);
          low[r] = _mm256_add_epi16(low[r], _mm256_maddubs_epi16(u_low, xs));
          high[r] = _mm256_add_epi16(high[r], _mm256_maddubs_epi16(u_high, xs));
        }
      }
      for (int r = 0; r < rows; ++r) {
        add_to(acc + r * kPanelRows, _mm256_madd_epi16(low[r], ones));
        add_to(acc + r * kPanelRows + 8, _mm256_madd_epi16(high[r], ones));
      }
    }
  }
};

/// Bytes, as int16: VPMADDWD sums two products exactly. A step is held as its even and its odd columns, so that a field
/// is widened by a mask or a shift alone.
struct ByteMicro {
  using X = int16_t;   // columns 0 2 1 3 of a step
  using W = uint16_t;  // the 8 low outputs' columns 0 2, the 8 high outputs', then both for 1 3
  static constexpr int64_t kRows = 6, kSteps = 128;

  static void prepare_x(const int8_t* codes, int64_t steps, X* x) {
    for (int64_t i = 0; i < steps * kStepColumns; i += kStepColumns) {
      x[i] = codes[i], x[i + 1] = codes[i + 2];
      x[i + 2] = codes[i + 1], x[i + 3] = codes[i + 3];
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
    for (int r = 0; r < rows; ++r) low[r] = high[r] = _mm256_setzero_si256();
    for (int64_t s = 0; s < 2 * steps; ++s) {
      const __m256i u_low = load(w + s * 32), u_high = load(w + s * 32 + 16);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const __m256i xs = broadcast4(x + r * kSteps * kStepColumns + s * 2);
        low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(u_low, xs));
        high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(u_high, xs));
      }
    }
    for (int r = 0; r < rows; ++r) {
      add_to(acc + r * kPanelRows, low[r]);
      add_to(acc + r * kPanelRows + 8, high[r]);
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
