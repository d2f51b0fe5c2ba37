#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// c [m, n] = op(a) op(b) + bias, or c += op(a) op(b) with `accumulate`. op(a) is [m, k], op(b) is [k, n]; a transposed
/// operand is stored the other way round. All dense and row-major; a and b are of type `operands`, c of type `dtype`:
/// the same, or f32 for half operands. Half operands are summed in f32 and rounded once per store. `bias` [n], of the
/// compute type, may be null and excludes `accumulate`.
struct GemmArgs {
  const void *a, *b, *bias;
  void* c;
  int64_t m, n, k;
  bool transpose_a, transpose_b, accumulate;
  DType operands, dtype;
};
struct GemmKernels {
  void (*gemm)(Stream&, const GemmArgs&) = nullptr;
};

std::span<const Impl<GemmKernels>> gemm_impls();
const GemmKernels& gemm_kernels(Device device, DType dtype);

}  // namespace lowbit
