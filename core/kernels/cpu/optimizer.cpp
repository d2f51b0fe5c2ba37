#include "core/kernels/optimizer.h"

#include "core/kernels/cpu/simd.h"
#include "core/kernels/math.h"

namespace lowbit::LB_TARGET_NS {
namespace {

void adam(Stream&, const AdamArgs& a) {
  const float* grad = a.grad;
  float *p = a.p, *m = a.m, *v = a.v;
  const float scale = static_cast<float>(a.grad_scale), l2 = static_cast<float>(a.l2);
  const float keep = static_cast<float>(a.keep), step = static_cast<float>(a.step);
  const float root_scale = static_cast<float>(a.root_scale), eps = static_cast<float>(a.eps);
  // 1 - beta is rounded once, from f64: 1.0f - 0.999f would be wrong by 5e-5 of its value.
  const float beta1 = static_cast<float>(a.beta1), rest1 = static_cast<float>(1 - a.beta1);
  const float beta2 = static_cast<float>(a.beta2), rest2 = static_cast<float>(1 - a.beta2);
#pragma omp parallel for simd if (parallel : a.n > kParallelElements)
  for (int64_t i = 0; i < a.n; ++i) {
    const float g = grad[i] * scale + l2 * p[i];
    const float first = beta1 * m[i] + rest1 * g;
    const float second = beta2 * v[i] + rest2 * (g * g);
    m[i] = first;
    v[i] = second;
    p[i] = p[i] * keep - step * first / (math::sqrt(second) * root_scale + eps);
  }
}

void sgd(Stream&, const SgdArgs& a) {
  const float* grad = a.grad;
  float *p = a.p, *buffer = a.buffer;
  const float scale = static_cast<float>(a.grad_scale), l2 = static_cast<float>(a.l2);
  const float momentum = static_cast<float>(a.momentum), lr = static_cast<float>(a.lr);
  if (!buffer) {
#pragma omp parallel for simd if (parallel : a.n > kParallelElements)
    for (int64_t i = 0; i < a.n; ++i) p[i] -= lr * (grad[i] * scale + l2 * p[i]);
    return;
  }
  // One loop for both: the step direction is own * g + kept * buffer.
  const float own = a.nesterov ? 1.0f : 0.0f, kept = a.nesterov ? momentum : 1.0f;
#pragma omp parallel for simd if (parallel : a.n > kParallelElements)
  for (int64_t i = 0; i < a.n; ++i) {
    const float g = grad[i] * scale + l2 * p[i];
    buffer[i] = momentum * buffer[i] + g;
    p[i] -= lr * (own * g + kept * buffer[i]);
  }
}

}  // namespace

void fill(OptimizerKernels& table) {
  table.adam = adam;
  table.sgd = sgd;
}

}  // namespace lowbit::LB_TARGET_NS
