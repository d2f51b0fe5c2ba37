#include "core/kernels/embedding.h"

#include "core/kernels/table.h"

LB_CPU_TARGETS(EmbeddingKernels)

namespace lowbit {

std::span<const Impl<EmbeddingKernels>> embedding_impls() {
  static constexpr Impl<EmbeddingKernels> rows[] = {LB_CPU_ROWS};
  return rows;
}

const EmbeddingKernels& embedding_kernels(Device device, DType dtype) {
  return resolved_table<embedding_impls>(device, dtype);
}

}  // namespace lowbit
