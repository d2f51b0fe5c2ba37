#pragma once

#include <string>
#include <vector>

#include "optim/param_groups.h"

namespace lowbit {

/// What one pass over all gradients tells.
struct GradNorm {
  double norm = 0;         ///< L2 over all parameters, unscaled; inf or NaN if any element is
  int64_t non_finite = 0;  ///< elements that are inf or NaN
  std::string culprit;     ///< path of the first parameter that has one
};

/// The global norm of grad * grad_scale. Summed in f64, in a fixed order: the same bits for any number of threads, and
/// no overflow for any finite f32 gradients. Parameters without a gradient count as zero.
GradNorm global_norm(const std::vector<ParamGroup>& groups, double grad_scale = 1);

/// NaN becomes 0 and infinity the largest f16 value of its sign, in place: what Marian does instead of skipping an
/// update.
void prune_gradients(const std::vector<ParamGroup>& groups);

/// min(1, max_norm / (norm + 1e-6)); max_norm 0 switches clipping off. Multiply it into the grad_scale of the step.
/// The norm must be finite: what to do about a gradient that is not is decided before clipping.
double clip_factor(double norm, double max_norm);

}  // namespace lowbit
