#include "core/kernels/optimizer.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(OptimizerKernels)

namespace lowbit {

std::span<const Impl<OptimizerKernels>> optimizer_impls() {
  static constexpr Impl<OptimizerKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const OptimizerKernels& optimizer_kernels(Device device) { return resolved_table<optimizer_impls>(device, DType::f32); }

}  // namespace lowbit
