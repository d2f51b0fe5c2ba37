#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// Zero with probability p, x / (1 - p) otherwise; core/ops/dropout.h gives the resolution. x itself when p is 0.
/// Gradient: x, by the same mask, drawn again from the key. Memory: saves nothing.
Variable dropout(const Variable& x, double p, uint64_t key, SourceLine at = SourceLine::here());
/// residual + dropout(x, p, key) in one pass. Gradient: residual and x. Memory: saves nothing.
Variable dropout_add(const Variable& residual, const Variable& x, double p, uint64_t key,
                     SourceLine at = SourceLine::here());

}  // namespace lowbit
