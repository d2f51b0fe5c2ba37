#pragma once

#include "core/tensor.h"

namespace lowbit::ops {

/// Numbers of one Adam step; the formula is at AdamArgs in core/kernels/optimizer.h.
struct AdamStep {
  double grad_scale = 1, l2 = 0, keep = 1, beta1, beta2, step, root_scale, eps;
};
/// Writes p, m and v; all f32 of one shape.
void adam_step_(Tensor& p, Tensor& m, Tensor& v, const Tensor& grad, const AdamStep& numbers);

/// Numbers of one SGD step; the formula is at SgdArgs in core/kernels/optimizer.h.
struct SgdStep {
  double grad_scale = 1, l2 = 0, momentum = 0, lr;
  bool nesterov = false;
};
/// Writes p, and `buffer` unless it is undefined (momentum 0).
void sgd_step_(Tensor& p, Tensor& buffer, const Tensor& grad, const SgdStep& numbers);

/// average = decay * average + (1 - decay) * x, in place.
void moving_average_(Tensor& average, const Tensor& x, double decay);

}  // namespace lowbit::ops
