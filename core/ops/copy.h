#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor.h"

namespace lowbit::ops {

/// Joins tensors of one dtype along an axis; the other extents must agree.
Tensor concat(const std::vector<Tensor>& parts, int axis);
/// The part [begin, end) of an axis, as a tensor of its own.
Tensor narrow(const Tensor& x, int axis, int64_t begin, int64_t end);
/// Writes `part` into y from `begin` on along an axis; the other extents must agree.
void write_narrow(Tensor& y, int axis, int64_t begin, const Tensor& part);
/// Rows of the leading axis in the order of `rows`: y[i] = x[rows[i]].
Tensor index_select(const Tensor& x, const std::vector<int32_t>& rows);

}  // namespace lowbit::ops
