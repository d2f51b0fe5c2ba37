#include "core/kernels/norm.h"

#include "core/kernels/cpu/simd.h"
#include "core/kernels/math.h"
#include "core/kernels/row_blocks.h"

namespace lowbit::LB_TARGET_NS {
namespace {

template <class T>
void forward(const NormArgs& a) {
  using C = Compute<T>;
  const C *weight = static_cast<const C*>(a.weight), *bias = static_cast<const C*>(a.bias);
  const C share = C{1} / static_cast<C>(a.cols), eps = static_cast<C>(a.eps);
  parallel_for(a.rows, a.rows * a.cols > kParallelElements, [=](int64_t r) {
    const T* x = static_cast<const T*>(a.x) + r * a.cols;
    T* y = static_cast<T*>(a.y) + r * a.cols;
    const C mean = a.mean ? lane_sum<C>(a.cols, [=](int64_t j) { return load(x + j); }) * share : C{0};
    const auto squared = [=](int64_t j) { return (load(x + j) - mean) * (load(x + j) - mean); };
    const C rstd = 1 / math::sqrt(lane_sum<C>(a.cols, squared) * share + eps);
    if (a.mean) static_cast<C*>(a.mean)[r] = mean;
    static_cast<C*>(a.rstd)[r] = rstd;
    const auto write = [=](auto factor, auto offset) {  // one loop for each case: a test inside stops vectorisation
#pragma omp simd
      for (int64_t j = 0; j < a.cols; ++j) store(y + j, (load(x + j) - mean) * rstd * factor(j) + offset(j));
    };
    const auto factor = [=](int64_t j) { return weight[j]; };
    const auto offset = [=](int64_t j) { return bias[j]; };
    const auto one = [](int64_t) { return C{1}; };
    const auto zero = [](int64_t) { return C{0}; };
    if (bias) {
      write(factor, offset);
    } else if (weight) {
      write(factor, zero);
    } else {
      write(one, zero);
    }
  });
}

/// With xhat = (x - mean) rstd and g = dy * weight:
///   dx = rstd (g - xhat average(g xhat) - average(g)),  without the last term for RMS norm
///   dweight = sum over rows of dy xhat,  dbias = sum over rows of dy
template <class T>
void backward(const NormGradArgs& a) {
  using C = Compute<T>;
  const C* weight = static_cast<const C*>(a.weight);
  const C share = C{1} / static_cast<C>(a.cols);
  const int64_t step = row_block_size(a.rows), blocks = row_block_count(a.rows);
  C* parts = static_cast<C*>(a.workspace);
  parallel_for(blocks, a.rows * a.cols > kParallelElements, [=](int64_t b) {
    C *dweight = parts + 2 * b * a.cols, *dbias = dweight + a.cols;
    for (int64_t j = 0; j < 2 * a.cols; ++j) dweight[j] = 0;
    const int64_t end = (b + 1) * step < a.rows ? (b + 1) * step : a.rows;
    for (int64_t r = b * step; r < end; ++r) {
      const T* x = static_cast<const T*>(a.x) + r * a.cols;
      const T* dy = static_cast<const T*>(a.dy) + r * a.cols;
      T* dx = static_cast<T*>(a.dx) + r * a.cols;
      const C mean = a.mean ? static_cast<const C*>(a.mean)[r] : C{0}, rstd = static_cast<const C*>(a.rstd)[r];
      const auto hat = [=](int64_t j) { return (load(x + j) - mean) * rstd; };
      const auto row = [&](auto g) {
        const C dot = lane_sum<C>(a.cols, [=](int64_t j) { return g(j) * hat(j); }) * share;
        const C shift = a.mean ? lane_sum<C>(a.cols, g) * share : C{0};
#pragma omp simd
        for (int64_t j = 0; j < a.cols; ++j) store(dx + j, rstd * (g(j) - hat(j) * dot - shift));
      };
      if (weight) {
        row([=](int64_t j) { return load(dy + j) * weight[j]; });
      } else {
        row([=](int64_t j) { return static_cast<C>(load(dy + j)); });
      }
#pragma omp simd
      for (int64_t j = 0; j < a.cols; ++j) {
        dweight[j] += load(dy + j) * hat(j);
        dbias[j] += load(dy + j);
      }
    }
  });
  const auto combine = [&](void* sum, const C* part) {
    if (!sum) return;
    for (int64_t j = 0; j < a.cols; ++j) {
      C total = 0;
      for (int64_t b = 0; b < blocks; ++b) total += part[2 * b * a.cols + j];
      static_cast<C*>(sum)[j] = total;
    }
  };
  combine(a.dweight, parts);
  combine(a.dbias, parts + a.cols);
}

}  // namespace

void fill(NormKernels& table) {
  table.forward = [](Stream&, const NormArgs& a) { LB_VISIT_FLOATING(a.dtype, forward, a) };
  table.backward = [](Stream&, const NormGradArgs& a) { LB_VISIT_FLOATING(a.dtype, backward, a) };
}

}  // namespace lowbit::LB_TARGET_NS
