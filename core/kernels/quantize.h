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
/// A gradient [rows, columns] in codes, by row and by column, and its sums over the rows; ops/quantize.h. Outputs that
/// are null are not asked for.
struct EncodeGradientArgs {
  const float* x;
  int64_t rows, columns;
  float smallest_scale;
  const float* column_factor;  // [columns], may be null
  int8_t* row_codes;           // [rows, columns]
  float* row_scale;            // [rows]
  int64_t blocks;              // of rows, at least 1 if there are any
  const float* row_factor;     // [rows], may be null
  int8_t* column_codes;        // [columns, rows of the block], block after block
  float* column_scale;         // [blocks, columns]
  const float* row_offset;     // [rows], may be null, and then offset_sum is
  float *sum, *offset_sum;     // [columns]
  void* workspace;             // (3 * strips of the largest block + 2) * columns elements of 4 bytes
};
constexpr int64_t kGradientStrip = 64;  ///< rows
/// Block b begins at rows * b / blocks.
constexpr int64_t block_begin(int64_t rows, int64_t blocks, int64_t b) { return rows * b / blocks; }

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
  void (*encode_gradient)(Stream&, const EncodeGradientArgs&) = nullptr;
  void (*dequantize)(Stream&, const DequantizeArgs&) = nullptr;
  void (*apply_mask)(Stream&, const ApplyMaskArgs&) = nullptr;
  void (*grid_sums)(Stream&, const GridSumsArgs&) = nullptr;
  void (*sign_sum)(Stream&, const SignSumArgs&) = nullptr;
};

std::span<const Impl<QuantizeKernels>> quantize_impls();
const QuantizeKernels& quantize_kernels(Device device);

}  // namespace lowbit
