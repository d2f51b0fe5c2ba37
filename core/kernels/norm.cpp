#include "core/kernels/norm.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(NormKernels)

namespace lowbit {

std::span<const Impl<NormKernels>> norm_impls() {
  static constexpr Impl<NormKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const NormKernels& norm_kernels(Device device, DType dtype) { return resolved_table<norm_impls>(device, dtype); }

}  // namespace lowbit
