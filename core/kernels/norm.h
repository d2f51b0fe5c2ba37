#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// Rows of x [rows, cols] scaled to unit variance (mean given: layer norm) or unit mean square (mean null: RMS norm):
/// y = (x - mean) * rstd * weight + bias. bias, or weight and bias [cols], may be null; they and mean and rstd
/// [rows] are of the compute type. A row's result depends on that row alone.
struct NormArgs {
  const void *x, *weight, *bias;
  void *y, *mean, *rstd;
  int64_t rows, cols;
  double eps;
  DType dtype;
};
/// dx always; dweight and dbias [cols], of the compute type, when not null, summed over row blocks (row_blocks.h).
/// workspace: 2 * row_block_count(rows) * cols elements of the compute type.
struct NormGradArgs {
  const void *x, *weight, *mean, *rstd, *dy;
  void *dx, *dweight, *dbias, *workspace;
  int64_t rows, cols;
  DType dtype;
};
struct NormKernels {
  void (*forward)(Stream&, const NormArgs&) = nullptr;
  void (*backward)(Stream&, const NormGradArgs&) = nullptr;
};

std::span<const Impl<NormKernels>> norm_impls();
const NormKernels& norm_kernels(Device device, DType dtype);

}  // namespace lowbit
