#include "core/kernels/loss.h"

#include "core/kernels/cpu/simd.h"
#include "core/kernels/math.h"

namespace lowbit::LB_TARGET_NS {
namespace {

constexpr double kLow = -3.4e38;

/// log sum_j exp(scale * x_j), exact to the working precision for any finite x.
template <class T, class C = Compute<T>>
double log_sum_exp(const T* x, int64_t n, C scale) {
  const C top = lane_max<C>(n, static_cast<C>(kLow), [=](int64_t j) { return load(x + j) * scale; });
  const C sum = lane_sum<C>(n, [=](int64_t j) { return math::exp(load(x + j) * scale - top); });
  return static_cast<double>(top) + math::log(static_cast<double>(sum));
}

template <class T>
void cross_entropy(const CrossEntropyArgs& a) {
  using C = Compute<T>;
  const double each = a.cols > 1 ? a.smoothing / static_cast<double>(a.cols - 1) : 0;
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* x = static_cast<const T*>(a.logits) + r * a.cols;
    const int32_t target = a.targets[r];
    a.loss[r] = a.nll[r] = a.lse[r] = 0;
    a.correct[r] = 0;
    if (target == a.ignore) return;
    const double lse = log_sum_exp<T>(x, a.cols, C{1});
    const double nll = lse - static_cast<double>(load(x + target));
    a.lse[r] = lse;
    a.nll[r] = nll;
    a.loss[r] = nll;
    if (each > 0) {
      const C sum = lane_sum<C>(a.cols, [=](int64_t j) { return load(x + j); });
      const double all = static_cast<double>(a.cols) * lse - static_cast<double>(sum);
      a.loss[r] = (1 - a.smoothing - each) * nll + each * all;
    }
    const C top = lane_max<C>(a.cols, static_cast<C>(kLow), [=](int64_t j) { return load(x + j); });
    a.correct[r] = load(x + target) >= top;
  });
}

/// d loss / d logit_v = p_v - e - (1 - smoothing - e) [v = target].
template <class T>
void cross_entropy_backward(const CrossEntropyGradArgs& a) {
  using C = Compute<T>;
  const double each = a.cols > 1 ? a.smoothing / static_cast<double>(a.cols - 1) : 0;
  const C dy = static_cast<C>(a.dy), floor = static_cast<C>(each * a.dy);
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* x = static_cast<const T*>(a.logits) + r * a.cols;
    T* dx = static_cast<T*>(a.dlogits) + r * a.cols;
    const int32_t target = a.targets[r];
    if (target == a.ignore) {
      for (int64_t j = 0; j < a.cols; ++j) store(dx + j, C{0});
      return;
    }
    const C lse = static_cast<C>(a.lse[r]);
    const double p = static_cast<double>(math::exp(load(x + target) - lse));  // now: dx may lie over x
#pragma omp simd
    for (int64_t j = 0; j < a.cols; ++j) store(dx + j, math::exp(load(x + j) - lse) * dy - floor);
    store(dx + target, static_cast<C>((p - each - (1 - a.smoothing - each)) * a.dy));
  });
}

template <class T>
void soft_cross_entropy(const SoftCrossEntropyArgs& a) {
  using C = Compute<T>;
  const C inverse = static_cast<C>(1 / a.temperature);
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* s = static_cast<const T*>(a.student) + r * a.cols;
    const T* t = static_cast<const T*>(a.teacher) + r * a.cols;
    a.loss[r] = a.student_lse[r] = a.teacher_lse[r] = 0;
    if (!a.mask[r]) return;
    a.student_lse[r] = log_sum_exp<T>(s, a.cols, inverse);
    a.teacher_lse[r] = log_sum_exp<T>(t, a.cols, inverse);
    const C teacher_lse = static_cast<C>(a.teacher_lse[r]), student_lse = static_cast<C>(a.student_lse[r]);
    const C cross = lane_sum<C>(a.cols, [=](int64_t j) {
      const C p = math::exp(load(t + j) * inverse - teacher_lse);
      return p > 0 ? p * (student_lse - load(s + j) * inverse) : C{0};
    });
    a.loss[r] = static_cast<double>(cross) * a.temperature * a.temperature;
  });
}

/// d loss / d student_v = T (softmax(student / T)_v - softmax(teacher / T)_v).
template <class T>
void soft_cross_entropy_backward(const SoftCrossEntropyGradArgs& a) {
  using C = Compute<T>;
  const C inverse = static_cast<C>(1 / a.temperature), factor = static_cast<C>(a.temperature * a.dy);
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* s = static_cast<const T*>(a.student) + r * a.cols;
    const T* t = static_cast<const T*>(a.teacher) + r * a.cols;
    T* ds = static_cast<T*>(a.dstudent) + r * a.cols;
    const C student_lse = static_cast<C>(a.student_lse[r]), teacher_lse = static_cast<C>(a.teacher_lse[r]);
    if (!a.mask[r]) {
      for (int64_t j = 0; j < a.cols; ++j) store(ds + j, C{0});
      return;
    }
#pragma omp simd
    for (int64_t j = 0; j < a.cols; ++j) {
      const C p = math::exp(load(s + j) * inverse - student_lse), q = math::exp(load(t + j) * inverse - teacher_lse);
      store(ds + j, (p - q) * factor);
    }
  });
}

template <class T>
void squared_error(const SquaredErrorArgs& a) {
  using C = Compute<T>;
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* x = static_cast<const T*>(a.a) + r * a.cols;
    const T* y = static_cast<const T*>(a.b) + r * a.cols;
    a.loss[r] = a.mask[r] ? static_cast<double>(lane_sum<C>(a.cols,
                                                            [=](int64_t j) {
                                                              const C d = load(x + j) - load(y + j);
                                                              return d * d;
                                                            }))
                          : 0.0;
  });
}

template <class T>
void squared_error_backward(const SquaredErrorGradArgs& a) {
  using C = Compute<T>;
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* x = static_cast<const T*>(a.a) + r * a.cols;
    const T* y = static_cast<const T*>(a.b) + r * a.cols;
    T* dx = static_cast<T*>(a.da) + r * a.cols;
    const C factor = static_cast<C>(2 * a.dy);
    const bool counted = a.mask[r];
#pragma omp simd
    for (int64_t j = 0; j < a.cols; ++j) store(dx + j, counted ? (load(x + j) - load(y + j)) * factor : C{0});
  });
}

}  // namespace

void fill(LossKernels& table) {
  table.cross_entropy = [](Stream&, const CrossEntropyArgs& a) { LB_VISIT_FLOATING(a.dtype, cross_entropy, a) };
  table.cross_entropy_backward = [](Stream&, const CrossEntropyGradArgs& a) {
    LB_VISIT_FLOATING(a.dtype, cross_entropy_backward, a)
  };
  table.soft_cross_entropy = [](Stream&, const SoftCrossEntropyArgs& a) {
    LB_VISIT_FLOATING(a.dtype, soft_cross_entropy, a)
  };
  table.soft_cross_entropy_backward = [](Stream&, const SoftCrossEntropyGradArgs& a) {
    LB_VISIT_FLOATING(a.dtype, soft_cross_entropy_backward, a)
  };
  table.squared_error = [](Stream&, const SquaredErrorArgs& a) { LB_VISIT_FLOATING(a.dtype, squared_error, a) };
  table.squared_error_backward = [](Stream&, const SquaredErrorGradArgs& a) {
    LB_VISIT_FLOATING(a.dtype, squared_error_backward, a)
  };
}

}  // namespace lowbit::LB_TARGET_NS
