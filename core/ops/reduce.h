#pragma once

#include <span>

#include "core/kernels/reduce.h"
#include "core/tensor.h"

namespace lowbit::ops {

/// Sum, sum of squares, largest finite magnitude and number of non-finite elements, in one pass.
Summary summarise(const Tensor& x);
/// The same over a list of tensors, as if they were one (undefined ones are skipped): gradient norms.
Summary summarise(std::span<const Tensor> list);

/// x [..., N] -> [N], summed over all leading axes: the gradient of a bias.
Tensor column_sum(const Tensor& x);

}  // namespace lowbit::ops
