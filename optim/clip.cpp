#include "optim/clip.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/ops/reduce.h"

namespace lowbit {

GradNorm global_norm(const std::vector<ParamGroup>& groups, double grad_scale) {
  GradNorm result;
  double squares = 0;
  for (const ParamGroup& group : groups)
    for (const auto& [path, variable] : group.parameters) {
      if (!variable.has_grad()) continue;
      const Summary summary = ops::summarise(variable.grad());
      squares += summary.sum_squares;
      if (summary.nonfinite && !result.non_finite) result.culprit = path;
      result.non_finite += summary.nonfinite;
    }
  result.norm = std::sqrt(squares) * grad_scale;
  return result;
}

void prune_gradients(const std::vector<ParamGroup>& groups) {
  constexpr float kLargestHalf = 65504;
  for (const ParamGroup& group : groups)
    for (const NamedParameter& parameter : group.parameters) {
      Variable variable = parameter.value;
      if (!variable.has_grad()) continue;
      Tensor& grad = variable.mutable_grad();
      float* g = grad.mutable_data<float>();
      for (int64_t i = 0; i < grad.numel(); ++i)
        if (!std::isfinite(g[i])) g[i] = std::isnan(g[i]) ? 0.0f : std::copysign(kLargestHalf, g[i]);
    }
}

double clip_factor(double norm, double max_norm) {
  LB_CHECK(std::isfinite(norm) && norm >= 0, "clip", "the gradient norm is {}: this step must be skipped", norm);
  constexpr double kMargin = 1e-6;  // of PyTorch and fairseq
  return max_norm == 0 ? 1 : std::min(1.0, max_norm / (norm + kMargin));
}

}  // namespace lowbit
