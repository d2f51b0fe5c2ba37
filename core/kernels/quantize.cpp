#include "core/kernels/quantize.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(QuantizeKernels)

namespace lowbit {

std::span<const Impl<QuantizeKernels>> quantize_impls() {
  static constexpr Impl<QuantizeKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const QuantizeKernels& quantize_kernels(Device device) { return resolved_table<quantize_impls>(device, DType::f32); }

}  // namespace lowbit
