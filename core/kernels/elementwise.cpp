#include "core/kernels/elementwise.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(ElementwiseKernels)

namespace lowbit {

std::span<const Impl<ElementwiseKernels>> elementwise_impls() {
  static constexpr Impl<ElementwiseKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const ElementwiseKernels& elementwise_kernels(Device device, DType dtype) {
  return resolved_table<elementwise_impls>(device, dtype);
}

}  // namespace lowbit
