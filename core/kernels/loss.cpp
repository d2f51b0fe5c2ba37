#include "core/kernels/loss.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(LossKernels)

namespace lowbit {

std::span<const Impl<LossKernels>> loss_impls() {
  static constexpr Impl<LossKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const LossKernels& loss_kernels(Device device, DType dtype) { return resolved_table<loss_impls>(device, dtype); }

}  // namespace lowbit
