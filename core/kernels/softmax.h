#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// Row softmax. Sums run over 16 fixed lanes (column modulo 16), so appending masked columns changes no bit of a row.
struct SoftmaxArgs {
  const void* x;
  void* y;
  int64_t rows, cols;
  DType dtype;
};
/// y = scale * x - log sum exp(scale * x).
struct LogSoftmaxArgs {
  const void* x;
  void* y;
  int64_t rows, cols;
  double scale;
  DType dtype;
};
struct SoftmaxGradArgs {
  const void *y, *dy;
  void* dx;
  int64_t rows, cols;
  DType dtype;
};
struct SoftmaxKernels {
  void (*forward)(Stream&, const SoftmaxArgs&) = nullptr;
  void (*backward)(Stream&, const SoftmaxGradArgs&) = nullptr;
  void (*log_forward)(Stream&, const LogSoftmaxArgs&) = nullptr;
};

std::span<const Impl<SoftmaxKernels>> softmax_impls();
const SoftmaxKernels& softmax_kernels(Device device, DType dtype);

}  // namespace lowbit
