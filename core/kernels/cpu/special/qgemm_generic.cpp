#include "core/kernels/cpu/special/qgemm_blocks.h"

namespace lowbit::LB_TARGET_NS {
namespace {

struct Micro {
  using X = int8_t;
  using W = uint8_t;
  static constexpr int64_t kRows = 4, kSteps = 256;

  static void prepare_x(const int8_t* codes, int64_t columns, X* x) { copy_codes(codes, columns, x); }
  static const W* prepare_w(const uint8_t* lines, const WeightLayout& layout, int64_t steps, W* scratch) {
    return unpack(lines, layout, steps, scratch);
  }
  template <int rows>
  static void accumulate(const X* x, const W* w, int64_t steps, const WeightLayout&, int32_t* acc) {
    for (int r = 0; r < rows; ++r)
      for (int64_t s = 0; s < steps; ++s) {
        const X* xs = x + r * x_stride<Micro>() + s * kStepColumns;
        for (int64_t j = 0; j < kPanelRows; ++j) {
          const W* u = w + s * kLineBytes + j * kStepColumns;
          acc[r * kTaskColumns + j] += u[0] * xs[0] + u[1] * xs[1] + u[2] * xs[2] + u[3] * xs[3];
        }
      }
  }
};

}  // namespace

void fill(QGemmKernels& table) {
  table.gemm = [](Stream&, const QGemmArgs& a) { gemm<Micro>(a); };
  table.pack_panels = pack_panels;
}

}  // namespace lowbit::LB_TARGET_NS
