#include "core/kernels/softmax.h"

#include "core/kernels/cpu/simd.h"
#include "core/kernels/math.h"

namespace lowbit::LB_TARGET_NS {
namespace {

template <class T>
void forward(const SoftmaxArgs& a) {
  using C = Compute<T>;
  constexpr C low = static_cast<C>(-3.4e38);
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* x = static_cast<const T*>(a.x) + r * a.cols;
    T* y = static_cast<T*>(a.y) + r * a.cols;
    const C top = lane_max<C>(a.cols, low, [=](int64_t j) { return load(x + j); });
    const C sum = lane_sum<C>(a.cols, [=](int64_t j) { return math::exp(load(x + j) - top); });
    const C inverse = 1 / sum;
#pragma omp simd
    for (int64_t j = 0; j < a.cols; ++j) store(y + j, math::exp(load(x + j) - top) * inverse);
  });
}

template <class T>
void log_forward(const LogSoftmaxArgs& a) {
  using C = Compute<T>;
  constexpr C low = static_cast<C>(-3.4e38);
  const C scale = static_cast<C>(a.scale);
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* x = static_cast<const T*>(a.x) + r * a.cols;
    T* y = static_cast<T*>(a.y) + r * a.cols;
    const C top = lane_max<C>(a.cols, low, [=](int64_t j) { return load(x + j) * scale; });
    const C sum = lane_sum<C>(a.cols, [=](int64_t j) { return math::exp(load(x + j) * scale - top); });
    const C shift = top + static_cast<C>(math::log(static_cast<double>(sum)));
#pragma omp simd
    for (int64_t j = 0; j < a.cols; ++j) store(y + j, load(x + j) * scale - shift);
  });
}

/// dx = y * (dy - sum(y * dy)).
template <class T>
void backward(const SoftmaxGradArgs& a) {
  using C = Compute<T>;
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* y = static_cast<const T*>(a.y) + r * a.cols;
    const T* dy = static_cast<const T*>(a.dy) + r * a.cols;
    T* dx = static_cast<T*>(a.dx) + r * a.cols;
    const C dot = lane_sum<C>(a.cols, [=](int64_t j) { return load(y + j) * load(dy + j); });
#pragma omp simd
    for (int64_t j = 0; j < a.cols; ++j) store(dx + j, load(y + j) * (load(dy + j) - dot));
  });
}

}  // namespace

void fill(SoftmaxKernels& table) {
  table.forward = [](Stream&, const SoftmaxArgs& a) { LB_VISIT_FLOATING(a.dtype, forward, a) };
  table.log_forward = [](Stream&, const LogSoftmaxArgs& a) { LB_VISIT_FLOATING(a.dtype, log_forward, a) };
  table.backward = [](Stream&, const SoftmaxGradArgs& a) { LB_VISIT_FLOATING(a.dtype, backward, a) };
}

}  // namespace lowbit::LB_TARGET_NS
