#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// The elements of a tensor as `groups` runs of `size`; per-group arrays have one entry a group.
struct Groups {
  int64_t count, size;
};

/// All outputs, or mean_abs alone and the others null.
struct GroupStatsArgs {
  const float *x, *shift;  // shift may be null
  Groups groups;
  float *absmax, *mean_abs, *mean, *min, *max;
};
struct MeanAboveArgs {
  const float *x, *threshold;
  Groups groups;
  float* mean;
};

/// Elements with low <= v <= high pass, v = x or the level before rounding. Null bits: not asked for.
struct PassArgs {
  uint8_t* bits;  // zeroed
  bool on_level;
  float low, high;
};
enum class Encoder : uint8_t { absmax, asymmetric, grid, sign, threshold };
/// ops/quantize.h has the formulas.
struct EncodeArgs {
  Encoder encoder;
  const float* x;
  Groups groups;
  float low, high;     // levels
  int32_t zero;        // level - code
  float clip, floor;   // absmax, asymmetric
  bool has_fixed_min;  // asymmetric
  float fixed_min;
  const float *given_scale, *given_shift;  // grid (shift = offset), sign (shift), threshold (shift = threshold)
  float smallest_scale;
  int8_t* codes;
  float *scale, *offset;  // offset: asymmetric and grid, else null
  PassArgs pass;
  int64_t* counts;  // zero groups, clamped, non-finite
};
struct EncodeRowsArgs {
  const float *x, *factor;  // [groups.size], may be null
  Groups groups;
  float smallest_scale;
  int8_t* codes;
  float* scale;
};
/// x [rows, columns], factor [rows] or null.
struct EncodeColumnsArgs {
  const float *x, *factor;
  int64_t rows, columns;
  float smallest_scale;
  int8_t* codes;  // [columns, rows]
  float* scale;   // [columns]
};
struct DequantizeArgs {
  const int8_t* codes;
  const float *scale, *offset;  // offset may be null
  Groups groups;
  int32_t zero;
  bool signs;  // no offset, and the codes are known to be -1, 0 or 1
  void* y;
  DType dtype;  // of y, f32, f16 or bf16
};
struct ApplyMaskArgs {
  const float* g;
  const uint8_t* bits;
  float* y;
  int64_t n;
};
/// Levels low <= t <= high count as inside.
struct GridSumsArgs {
  const float *x, *g, *scale, *offset;  // offset may be null
  Groups groups;
  float low, high;
  float smallest_scale;
  float *residual, *below, *above;
};
struct SignSumArgs {
  const float *x, *g;
  Groups groups;
  float* sum;
};
/// Built without floating-point contraction: codes must not depend on the target that made them.
struct QuantizeKernels {
  void (*stats)(Stream&, const GroupStatsArgs&) = nullptr;
  void (*mean_above)(Stream&, const MeanAboveArgs&) = nullptr;
  void (*encode)(Stream&, const EncodeArgs&) = nullptr;
  void (*encode_rows)(Stream&, const EncodeRowsArgs&) = nullptr;
  void (*encode_columns)(Stream&, const EncodeColumnsArgs&) = nullptr;
  void (*dequantize)(Stream&, const DequantizeArgs&) = nullptr;
  void (*apply_mask)(Stream&, const ApplyMaskArgs&) = nullptr;
  void (*grid_sums)(Stream&, const GridSumsArgs&) = nullptr;
  void (*sign_sum)(Stream&, const SignSumArgs&) = nullptr;
};

std::span<const Impl<QuantizeKernels>> quantize_impls();
const QuantizeKernels& quantize_kernels(Device device);

}  // namespace lowbit
