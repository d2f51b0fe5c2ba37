#pragma once

#include <limits>
#include <memory>
#include <optional>

#include "nn/quant/scale_rule.h"

/// The scale rules, one file each in this folder. x is the tensor, L the highest level of its code book, sums and means
/// run over a group (a row or the tensor).
namespace lowbit {

constexpr float kNoClip = std::numeric_limits<float>::infinity();

/// What the mean of the whole tensor is taken from.
enum class MeanRemoval : uint8_t {
  none,
  codes,            ///< codes of x - mean, magnitude of x: BiT and TBT's copy of BWN, BitNet b1
  codes_and_scale,  ///< both: TBT's equations as printed
};

struct MeanAbsConfig {
  double factor = 1;  ///< scale = factor * mean|x|
  MeanRemoval remove_mean = MeanRemoval::none;
  float floor = 0;         ///< least scale of a group that is not all zero (BitNet: 1e-5)
  bool zero_sign = false;  ///< sign(0) = 0, the frameworks' value, instead of +1; needs the ternary book
};
/// scale = factor * mean|x|; binary codes sign(x), ternary codes round(clamp(x / scale, -1, 1)).
std::unique_ptr<ScaleRule> mean_abs_rule(const MeanAbsConfig& config);

/// scale = max(min(max|x|, clip), floor) / L, codes round(x / scale) within [-L, L].
std::unique_ptr<ScaleRule> abs_max_rule(float clip, float floor);

/// offset = shift, or min x without one; scale = (max x - offset) / L; codes round((x - offset) / scale). x is clamped
/// to [-clip, clip] first.
std::unique_ptr<ScaleRule> min_max_rule(std::optional<float> shift, float clip);

/// Ternary weight networks: threshold 0.7 mean|x|, scale = mean of |x| above it; x is clamped to [-clip, clip] first.
std::unique_ptr<ScaleRule> twn_rule(float clip);

/// The same grid for every tensor: value = scale * level + offset.
std::unique_ptr<ScaleRule> fixed_rule(float scale, float offset);

/// Sign of x minus the mean of its group of rows, without a magnitude (SVCD).
std::unique_ptr<ScaleRule> group_sign_rule(int64_t groups);

struct LearnedConfig {
  int32_t low = 0, high = 0;  ///< levels, within the code book
  double init_factor = 2;     ///< calibration: alpha = init_factor * mean|x| / sqrt(init_high)
  double init_high = 1;
  std::optional<float> shift = {};  ///< constant offset; with `shift_to_min`, none
  bool shift_to_min = false;        ///< offset = min x of the tensor at hand
  bool sign = false;                ///< codes sign(x); with the ternary book sign(0) = 0, with the binary one +1
};
/// One learned scale alpha for the whole tensor, trained by the LSQ gradient.
std::unique_ptr<ScaleRule> learned_rule(const LearnedConfig& config);

}  // namespace lowbit
