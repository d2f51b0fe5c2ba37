#pragma once

#include "core/tensor.h"

namespace lowbit::ops {

/// Zero with probability p, x / (1 - p) otherwise, element i by the key and i alone: the same key gives the same mask,
/// so the gradient is dropout(dy, p, key). p in [0, 1) is rounded to a multiple of 2^-16 and the factor follows the
/// rounded value, so that the expectation is exactly x. A dropped NaN becomes 0.
/// Source: Srivastava et al. 2014, JMLR 15 ("inverted" scaling).
Tensor dropout(const Tensor& x, double p, uint64_t key);
/// residual + dropout(x, p, key) in one pass, rounded once.
Tensor dropout_add(const Tensor& residual, const Tensor& x, double p, uint64_t key);

}  // namespace lowbit::ops
