#pragma once

#include "autograd/variable.h"
#include "core/kernels/elementwise_ops.h"

namespace lowbit {

/// Element by element; shape and dtype of x. Memory: saves x and the result.
Variable unary(Unary op, const Variable& x, SourceLine at = SourceLine::here());
inline Variable relu(const Variable& x, SourceLine at = SourceLine::here()) { return unary(Unary::relu, x, at); }
inline Variable gelu(const Variable& x, SourceLine at = SourceLine::here()) { return unary(Unary::gelu, x, at); }

/// a + b, same shape. Residual connections.
Variable add(const Variable& a, const Variable& b, SourceLine at = SourceLine::here());
/// alpha * x for a constant alpha.
Variable scale(const Variable& x, double alpha, SourceLine at = SourceLine::here());
/// x in another floating type; the gradient returns in the type of x.
Variable cast(const Variable& x, DType dtype, SourceLine at = SourceLine::here());

}  // namespace lowbit
