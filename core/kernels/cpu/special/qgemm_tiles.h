#pragma once

#include "core/kernels/cpu/intrinsics.h"
#include "core/kernels/cpu/special/qgemm_blocks.h"

/// What the AVX-512 integer GEMMs share: sums of rows and the float epilogue of one row and one panel in registers.
/// Internal linkage throughout (see simd.h).
namespace lowbit {
namespace {

/// Where a tile begins: its first row of x and its first panel.
struct TileAt {
  int64_t row, panel;
};

/// Hints, without fault beyond the last panel: into the L2 cache, for panels that are not read in the order of their
/// addresses; into L1. Not the intrinsic: g++ 12 takes a function of nothing else for one without effect, and drops its
/// calls.
inline void prefetch(const uint8_t* line) { __asm__ volatile("prefetcht1 %0" : : "m"(*line)); }
inline void prefetch_near(const uint8_t* line) { __asm__ volatile("prefetcht0 %0" : : "m"(*line)); }

inline __m512i broadcast4(const void* p) {
  int32_t bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return _mm512_set1_epi32(bytes);
}

/// Sum of the codes of a row, whatever its alignment.
inline int32_t row_sum(const int8_t* x, int64_t k) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum = _mm512_setzero_si512();
  for (int64_t i = 0; i < k; i += 64) {
    const __mmask64 mask = k - i >= 64 ? ~__mmask64{0} : (__mmask64{1} << (k - i)) - 1;
    sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi8(mask, x + i));
  }
  return _mm512_reduce_add_epi32(sum);
}

/// The epilogue of qgemm.h (epilogue() in qgemm_blocks.h) for a row of x and the outputs of a panel; dot holds the sums
/// of (x - moved) * code of the weight.
inline void store_outputs(const QGemmArgs& a, int64_t row, int64_t panel, __m512i dot, int32_t moved = 0) {
  const int64_t first = panel * kPanelRows, count = a.n - first;
  const __mmask16 mask = count >= kPanelRows ? 0xffff : static_cast<__mmask16>((1 << count) - 1);
  const __m512i sums = _mm512_maskz_loadu_epi32(mask, a.sums + first);
  const __m512 w_scale = a.w_stride ? _mm512_maskz_loadu_ps(mask, a.w_scale + first) : _mm512_set1_ps(*a.w_scale);
  const int32_t zero = a.x_zero + moved;
  if (zero) dot = _mm512_add_epi32(dot, _mm512_mullo_epi32(_mm512_set1_epi32(zero), sums));
  const __m512 x_scale = _mm512_set1_ps(a.x_scale[row * a.x_stride]);
  __m512 y = _mm512_mul_ps(_mm512_mul_ps(x_scale, w_scale), _mm512_cvtepi32_ps(dot));
  if (a.x_offset) {
    const __m512 x_offset = _mm512_set1_ps(a.x_offset[row * a.x_stride]);
    y = _mm512_add_ps(y, _mm512_mul_ps(_mm512_mul_ps(x_offset, w_scale), _mm512_cvtepi32_ps(sums)));
  }
  if (a.bias) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, a.bias + first));
  float* to = a.y + row * a.n + first;
  if (a.accumulate) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, to));
  _mm512_mask_storeu_ps(to, mask, y);
}

}  // namespace
}  // namespace lowbit
