#include "core/kernels/pack.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(PackKernels)

namespace lowbit {

std::span<const Impl<PackKernels>> pack_impls() {
  static constexpr Impl<PackKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const PackKernels& pack_kernels(Device device) { return resolved_table<pack_impls>(device, DType::u8); }

}  // namespace lowbit
