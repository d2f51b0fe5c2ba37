#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// y[i] = x[i] * scale where element i is kept, 0 elsewhere, plus residual[i] (null: 0). Its 16 random bits r(i) are a
/// pure function of key and i, and it is kept when r(i) >= threshold: the probability has a resolution of 2^-16.
///   r(i) = half word (i / 16) mod 8 of philox(key, 16 (i / 128) + i mod 16), low halves first
/// which gives each counter 8 elements and 16 counters side by side to a vector.
struct DropoutArgs {
  const void *x, *residual;
  void* y;
  int64_t n;
  uint64_t key;
  uint32_t threshold;
  double scale;
  DType dtype;
};
struct DropoutKernels {
  void (*apply)(Stream&, const DropoutArgs&) = nullptr;
};

std::span<const Impl<DropoutKernels>> dropout_impls();
const DropoutKernels& dropout_kernels(Device device, DType dtype);

}  // namespace lowbit
