#include <immintrin.h>

#include "core/kernels/cpu/special/qgemm_blocks.h"

namespace lowbit::LB_TARGET_NS {
namespace {

/// A step is one register: VPDPBUSD adds its four products u * x to each of the 16 int32 outputs, without saturation.
struct Micro {
  using X = int8_t;
  using W = uint8_t;
  static constexpr int64_t kRows = 8, kSteps = 256;

  static void prepare_x(const int8_t* codes, int64_t columns, X* x) { copy_codes(codes, columns, x); }
  static const W* prepare_w(const uint8_t* lines, const WeightLayout& layout, int64_t steps, W* scratch) {
    return unpack(lines, layout, steps, scratch);
  }
  template <int rows>
  static void accumulate(const X* x, const W* w, int64_t steps, const WeightLayout&, int32_t* acc) {
    __m512i sums[rows];
    for (int r = 0; r < rows; ++r) sums[r] = _mm512_loadu_si512(acc + r * kTaskColumns);
    for (int64_t s = 0; s < steps; ++s) {
      const __m512i u = _mm512_loadu_si512(w + s * kLineBytes);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        int32_t xs;
        std::memcpy(&xs, x + r * x_stride<Micro>() + s * kStepColumns, sizeof xs);
        sums[r] = _mm512_dpbusd_epi32(sums[r], u, _mm512_set1_epi32(xs));
      }
    }
    for (int r = 0; r < rows; ++r) _mm512_storeu_si512(acc + r * kTaskColumns, sums[r]);
  }
};

}  // namespace

void fill(QGemmKernels& table) {
  table.gemm = [](Stream&, const QGemmArgs& a) { gemm<Micro>(a); };
  table.pack_panels = pack_panels;
}

}  // namespace lowbit::LB_TARGET_NS
