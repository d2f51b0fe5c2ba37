#pragma once

#include "core/tensor.h"

namespace lowbit::ops {

/// Softmax over the last axis.
///   x [..., N] floating    returns the same shape; rows sum to 1
Tensor softmax(const Tensor& x);
/// Gradient of softmax from its result: dx = y * (dy - sum(y * dy)).
Tensor softmax_backward(const Tensor& y, const Tensor& dy);

}  // namespace lowbit::ops
