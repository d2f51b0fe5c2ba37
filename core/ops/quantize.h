#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "core/quant/qtensor.h"

/// Statistics, encoders and straight-through gradients that every quantizer is made of. All tensors f32 unless said.
/// A group is a row of the last axis (Granularity::row) or the whole tensor (Granularity::tensor); per-group arguments
/// are [groups]. Codes do not depend on the kernel target or on the number of threads.
///
/// Edge cases, the same for every encoder:
///   - a group whose scale would be below kSmallestScale (all zeros, for one) gets scale 0 and dequantizes to its
///   offset
///   - a group with a NaN gets scale NaN, so that NaN survives into the dequantized values; the codes are then
///   arbitrary
///   - an infinity gives an infinite statistic (encode_absmax: scale inf, dequantizes to NaN), or clamps to the grid
namespace lowbit::ops {

constexpr float kSmallestScale = 1e-30f;  ///< its reciprocal, times any level, is far from overflow

/// Of x - shift. mean_abs and mean are 0 for an empty group; a group with a NaN has NaN everywhere.
struct GroupStats {
  Tensor absmax, mean_abs, mean, min, max;
};
/// One pass over x. shift [groups], undefined = 0.
GroupStats group_stats(const Tensor& x, Granularity per, const Tensor& shift = {});

/// Mean of |x| over the elements with |x| > threshold; 0 where there is none (TWN's scale).
///   threshold [groups]    returns [groups]
Tensor mean_abs_above(const Tensor& x, Granularity per, const Tensor& threshold);

/// Which elements let the straight-through gradient pass: those with low <= v <= high (closed) or low < v < high
/// (open), v being the value x or the level before rounding.
struct PassRule {
  enum class On : uint8_t { everything, value, level };
  On on = On::everything;
  bool closed = true;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

/// Positions in Encoding::counts.
enum QuantCount : int { kZeroGroups, kClamped, kNonFinite };

struct Encoding {
  QTensor q;
  Tensor pass;    ///< u8 [(numel + 7) / 8]: bit i%8 of byte i/8 is 1 when the gradient of element i passes; undefined
                  ///< with PassRule::On::everything
  Tensor counts;  ///< i64 [3]: groups with scale 0; elements moved by more than half a step; NaN and infinite inputs
};

/// Symmetric, scale = m / L with m = min(max|x|, clip), at least `floor` unless the group is all zero, and L the
/// highest level of the book:   code = clamp(round(x * (L / m)), -L, L).   level = x * (L / m).
Encoding encode_absmax(const Tensor& x, CodeBook book, Granularity per, const PassRule& pass = {},
                       float clip = std::numeric_limits<float>::infinity(), float floor = 0);

/// Between a minimum and the maximum of clamp(x, -clip, clip), for books whose lowest level is 0:
///   m = fixed_min or the minimum,   R = maximum - m,   level = (x - m) * (L / R),   scale = R / L,   offset = m.
/// R <= 0 gives scale 0, so the group becomes m exactly.
Encoding encode_asymmetric(const Tensor& x, CodeBook book, Granularity per, std::optional<float> fixed_min = {},
                           const PassRule& pass = {}, float clip = std::numeric_limits<float>::infinity());

/// mean |x - shift| of every group, as group_stats has it; f32 [groups].
Tensor mean_abs(const Tensor& x, Granularity per, const Tensor& shift = {});

/// On a given grid: level = (x - offset) * (1 / scale), code = clamp(round(level), low, high).
///   scale [groups], offset [groups] or undefined, low and high within the book
Encoding encode_grid(const Tensor& x, CodeBook book, Granularity per, const Tensor& scale, const Tensor& offset,
                     int low, int high, const PassRule& pass = {});

/// Binary: +1 where x - shift >= 0, -1 elsewhere. The value of the pass rule is x - shift, its level (x - shift) /
/// scale.
///   scale [groups], shift [groups] or undefined; the shift is not part of the result
Encoding encode_sign(const Tensor& x, Granularity per, const Tensor& scale, const Tensor& shift = {},
                     const PassRule& pass = {});

/// Ternary: sign(x) where |x| > threshold, 0 elsewhere.      scale, threshold [groups]
Encoding encode_threshold(const Tensor& x, Granularity per, const Tensor& scale, const Tensor& threshold,
                          const PassRule& pass = {});

/// What the two products of a linear layer's backward need of the gradient x of its output.
struct GradientUse {
  bool rows = true;      ///< codes of every row of x * column_factor
  Tensor column_factor;  ///< f32 [columns]; undefined = 1
  bool columns = true;   ///< codes of every column of x * row_factor, in blocks of rows
  int64_t blocks = 1;    ///< block b begins at row rows * b / blocks
  Tensor row_factor;     ///< f32 [rows]; undefined = 1
  Tensor row_offset;     ///< f32 [rows] or undefined
};
struct GradientCodes {
  QTensor rows;                  ///< int8, the shape of x
  std::vector<QTensor> columns;  ///< int8 [columns, rows of the block]
  Tensor sum, offset_sum;        ///< f32 [columns], of x and of row_offset * x; the second undefined without offsets
};
/// int8 codes of a gradient, a scale for each row or column = its max |.| / 127. Rounded up or down by chance, so that
/// sums of many small values, which rounding to the nearest would lose beside a large one, are right on average
/// (stochastic rounding, as AQT has it for gradients). The chance is a function of the values: the same x gives the
/// same codes. A row or column with a NaN or an infinity has scale NaN, so that all its products are NaN.
///   x f32 [..., columns]
GradientCodes encode_gradient(const Tensor& x, const GradientUse& use = {});

/// g where the bit of the mask is set, 0 elsewhere. An undefined mask passes everything.
Tensor apply_mask(const Tensor& g, const Tensor& mask);

/// What gradients of learned scales, clips and offsets are sums of; with level t = (x - offset) * (1 / scale):
///   residual  sum of g * (round(t) - t) over low <= t <= high     below  sum of g over t < low     above  over t >
///   high
/// (with closed = false, t = low and t = high count as below and above). LSQ: d scale = residual + low * below +
/// high * above. Each [groups]; pieces are summed in f32 and added in f64, in an
/// order that depends on the shape only.
struct GridSums {
  Tensor residual, below, above;
};
GridSums grid_sums(const Tensor& x, const Tensor& g, Granularity per, const Tensor& scale, const Tensor& offset,
                   float low, float high, bool closed = true);

/// Sum of g * sign(x), sign(0) = +1; [groups]. The scale gradient of a binary quantizer.
Tensor sign_sum(const Tensor& x, const Tensor& g, Granularity per);

}  // namespace lowbit::ops
