#include "core/kernels/attention.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(AttentionKernels)

namespace lowbit {

std::span<const Impl<AttentionKernels>> attention_impls() {
  static constexpr Impl<AttentionKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const AttentionKernels& attention_kernels(Device device, DType dtype) {
  return resolved_table<attention_impls>(device, dtype);
}

}  // namespace lowbit
