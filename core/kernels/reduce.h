#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// What one pass over a tensor can tell. Sums are f64 over all elements; absmax is the largest finite magnitude.
struct Summary {
  double sum = 0, sum_squares = 0, absmax = 0;
  int64_t nonfinite = 0;
};
struct SummaryArgs {
  const void* x;
  Summary* result;
  int64_t n;
  DType dtype;
};
/// y [cols], of the compute type, = sum over the rows of x [rows, cols], in row blocks (row_blocks.h).
/// workspace: row_block_count(rows) * cols elements of the compute type.
struct ColumnSumArgs {
  const void* x;
  void *y, *workspace;
  int64_t rows, cols;
  DType dtype;
};
struct ReduceKernels {
  void (*summary)(Stream&, const SummaryArgs&) = nullptr;
  void (*column_sum)(Stream&, const ColumnSumArgs&) = nullptr;
};

std::span<const Impl<ReduceKernels>> reduce_impls();
const ReduceKernels& reduce_kernels(Device device, DType dtype);

}  // namespace lowbit
