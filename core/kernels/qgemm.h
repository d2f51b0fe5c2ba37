#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

constexpr int64_t kPanelRows = 16, kStepColumns = 4, kLineBytes = kPanelRows * kStepColumns;
constexpr int kGroupPanels = 4;  ///< of binary weights, side by side

/// How weight codes lie in memory, for every target alike. Output rows come in panels of 16, and of each panel 4
/// successive columns k of all 16 rows form a step of 64 unsigned fields u (field 4 * row + k % 4):
///   code = (u << shift) - bias,   shift 1 and bias 1 for binary; shift 0 and bias 1, 8, 128 for ternary, int4, int8;
/// bias 0 for levels that are not signed (pack_input). Fields of 2 bits are 0, 1 or 2: short sums count on it.
/// Fields of `bits` bits; a line of 64 bytes holds 8 / bits successive steps, step s in bits s * bits of every byte, so
/// one shift and one mask make a step of u8 operands. Rows and columns beyond the matrix have any fields.
///
/// Panel after panel, except for binary weights, whose panels come in groups of four, side by side: for each line of
/// 32 columns four registers of 16-bit lanes, so that one register speaks of 32 outputs. The 32 bits of an output are
/// halved; the first register holds the lower halves of panels 0 and 1 of the group (panel 0 in the even lanes), the
/// second their upper halves, the other two those of panels 2 and 3. Absent panels of the last group have any fields.
struct WeightLayout {
  int bits;  // 1, 2, 4 or 8
  int32_t shift, bias;

  int64_t steps_per_line() const { return 8 / bits; }
  int64_t group_panels() const { return bits == 1 ? kGroupPanels : 1; }
  int64_t lines(int64_t k) const { return div_up(k, kStepColumns * steps_per_line()); }
  int64_t groups(int64_t n) const { return div_up(n, kPanelRows * group_panels()); }
  int64_t bytes(int64_t n, int64_t k) const { return groups(n) * group_panels() * lines(k) * kLineBytes; }

 private:
  static int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
};
/// The integers that x holds: code = (u << shift) - bias with 0 <= u < 2^bits, of 2 bits only 0, 1 and 2.
struct InputCodes {
  int bits = 8;
  int32_t shift = 0, bias = 128;
};
constexpr int64_t kMaxColumns = 65536;  ///< 255 * 128 * columns must fit an int32

/// y[m, n] = float epilogue of acc[m, n] = sum over k of x[m, k] * code[n, k], exact in int32. In this order, without
/// fused multiply-add, on every target:
///   t = float(acc + x_zero * sum[n]);   y = (x_scale * w_scale) * t
///   if x_offset:  y = y + (x_offset * w_scale) * float(sum[n]);      if bias:  y = y + bias[n]
///   if accumulate:  y = y + what y holds
struct QGemmArgs {
  int64_t m, n, k;
  const int8_t* x;
  InputCodes x_codes;               // a narrow book may take a faster path
  const float *x_scale, *x_offset;  // one a row, or one for all with x_stride 0; offset may be null
  int64_t x_stride;
  int32_t x_zero;
  const uint8_t* panels;
  WeightLayout layout;
  const float* w_scale;  // one an output, or one for all with w_stride 0
  int64_t w_stride;
  const int32_t* sums;  // of the codes of an output
  const float* bias;    // may be null
  float* y;
  bool accumulate;
};
/// Codes [n, k], or [k, n] if transposed, to layout.bytes(n, k) bytes of panels, and for each n the sum of its codes
/// (sums may be null if transposed).
struct PackPanelsArgs {
  const int8_t* codes;
  bool transposed;
  int64_t n, k;
  WeightLayout layout;
  uint8_t* panels;
  int32_t* sums;
};
struct QGemmKernels {
  void (*gemm)(Stream&, const QGemmArgs&) = nullptr;
  void (*pack_panels)(Stream&, const PackPanelsArgs&) = nullptr;
};

std::span<const Impl<QGemmKernels>> qgemm_impls();
const QGemmKernels& qgemm_kernels(Device device);

}  // namespace lowbit
