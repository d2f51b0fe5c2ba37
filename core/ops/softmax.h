#pragma once

#include "core/tensor.h"

namespace lowbit::ops {

/// Softmax over the last axis.
///   x [..., N] floating    returns the same shape; rows sum to 1
Tensor softmax(const Tensor& x);
/// log softmax(scale * x) over the last axis. A row with NaN or +infinity gives NaN throughout.
Tensor log_softmax(const Tensor& x, double scale = 1);
/// Gradient of softmax from its result: dx = y * (dy - sum(y * dy)).
Tensor softmax_backward(const Tensor& y, const Tensor& dy);

}  // namespace lowbit::ops
