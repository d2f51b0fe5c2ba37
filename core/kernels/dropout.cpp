#include "core/kernels/dropout.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(DropoutKernels)

namespace lowbit {

std::span<const Impl<DropoutKernels>> dropout_impls() {
  static constexpr Impl<DropoutKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const DropoutKernels& dropout_kernels(Device device, DType dtype) {
  return resolved_table<dropout_impls>(device, dtype);
}

}  // namespace lowbit
