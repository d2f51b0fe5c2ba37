#include "core/kernels/softmax.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(SoftmaxKernels)

namespace lowbit {

std::span<const Impl<SoftmaxKernels>> softmax_impls() {
  static constexpr Impl<SoftmaxKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const SoftmaxKernels& softmax_kernels(Device device, DType dtype) {
  return resolved_table<softmax_impls>(device, dtype);
}

}  // namespace lowbit
