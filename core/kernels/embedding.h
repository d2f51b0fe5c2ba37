#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// y [n, width] = scale * table [entries, width] at ids [n]; ids are valid.
struct EmbeddingArgs {
  const void* table;
  const int32_t* ids;
  void* y;
  int64_t n, width;
  double scale;
  DType dtype;
};
/// dtable [entries, width], of the compute type: every row is scale times the sum of its dy rows in ascending position;
/// rows that no id names, and the row `padding_id` (-1: none), are zero. With `accumulate`, added to what dtable holds.
/// workspace: entries + n int32.
struct EmbeddingGradArgs {
  const void* dy;
  const int32_t* ids;
  void* dtable;
  int32_t* workspace;
  int64_t n, entries, width, padding_id;
  double scale;
  bool accumulate;
  DType dtype;
};
struct EmbeddingKernels {
  void (*forward)(Stream&, const EmbeddingArgs&) = nullptr;
  void (*backward)(Stream&, const EmbeddingGradArgs&) = nullptr;
};

std::span<const Impl<EmbeddingKernels>> embedding_impls();
const EmbeddingKernels& embedding_kernels(Device device, DType dtype);

}  // namespace lowbit
