#pragma once

#include "autograd/variable.h"
#include "core/ops/matmul.h"

namespace lowbit {

/// y = x W^T + b, in the float arithmetic of the operands' type, or as ops::matmul_precision() asks.
///   x [..., K]   weight [N, K]   bias [N] or undefined    returns [..., N]
/// Gradient: x, weight, bias (column sums in a fixed order). Memory: saves x (as multiplied) and weight.
Variable linear(const Variable& x, const Variable& weight, const Variable& bias, SourceLine at = SourceLine::here());

}  // namespace lowbit
