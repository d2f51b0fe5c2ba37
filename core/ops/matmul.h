#pragma once

#include "core/tensor.h"

namespace lowbit::ops {

struct MatmulOptions {
  bool transpose_a = false, transpose_b = false;
  Tensor bias = {};  ///< [N], added to every row; absent when undefined
};

/// op(a) op(b) of two matrices of one floating type; leading axes of a and b are flattened into rows.
///   op(a) [M, K]   op(b) [K, N]    returns [M, N], or [..., N] with the leading axes of an a that is not transposed
/// Half types accumulate in f32 and round once. Errors: inner extents, dtypes, bias shape.
Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options = {});
/// c += op(a) op(b), in place; no bias.
void matmul_add_(Tensor& c, const Tensor& a, const Tensor& b, const MatmulOptions& options = {});

}  // namespace lowbit::ops
