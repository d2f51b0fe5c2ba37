#include "core/kernels/reduce.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(ReduceKernels)

namespace lowbit {

std::span<const Impl<ReduceKernels>> reduce_impls() {
  static constexpr Impl<ReduceKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const ReduceKernels& reduce_kernels(Device device, DType dtype) { return resolved_table<reduce_impls>(device, dtype); }

}  // namespace lowbit
