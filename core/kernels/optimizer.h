#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// One Adam step of one tensor, all f32 [n]. With g the gradient after unscaling, clipping and classic L2 decay:
///   g = grad * grad_scale + l2 * p
///   p = p * keep                          decoupled decay, keep = 1 - lr * weight_decay
///   m = beta1 * m + (1 - beta1) * g
///   v = beta2 * v + (1 - beta2) * g * g
///   p = p - step * m / (sqrt(v) * root_scale + eps)
/// Bias corrections are folded into `step` and `root_scale` by the caller, in f64 (optim/adam.cpp).
/// Elements are independent and nothing is contracted: the same bits on every target, for any number of threads.
struct AdamArgs {
  const float* grad;
  float *p, *m, *v;
  int64_t n;
  double grad_scale, l2, keep, beta1, beta2, step, root_scale, eps;
};

/// One SGD step with momentum, all f32 [n]:
///   g = grad * grad_scale + l2 * p
///   buffer = momentum * buffer + g
///   p = p - lr * (nesterov ? g + momentum * buffer : buffer)
/// Without momentum `buffer` is null and p = p - lr * g.
struct SgdArgs {
  const float* grad;
  float *p, *buffer;
  int64_t n;
  double grad_scale, l2, momentum, lr;
  bool nesterov;
};

struct OptimizerKernels {
  void (*adam)(Stream&, const AdamArgs&) = nullptr;
  void (*sgd)(Stream&, const SgdArgs&) = nullptr;
};

std::span<const Impl<OptimizerKernels>> optimizer_impls();
const OptimizerKernels& optimizer_kernels(Device device);

}  // namespace lowbit
