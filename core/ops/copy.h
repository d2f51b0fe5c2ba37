#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor.h"

namespace lowbit::ops {

/// Joins tensors of one dtype along an axis; the other extents must agree.
Tensor concat(const std::vector<Tensor>& parts, int axis);
/// Rows of the leading axis in the order of `rows`: y[i] = x[rows[i]].
Tensor index_select(const Tensor& x, const std::vector<int32_t>& rows);

}  // namespace lowbit::ops
