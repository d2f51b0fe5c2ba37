#pragma once

#include "core/tensor.h"

namespace lowbit::ops {

/// scale * table[id] for every id.
///   table [V, D]   ids [...] i32    returns [..., D]
/// Errors: an id outside [0, V) names its position.
Tensor embedding(const Tensor& table, const Tensor& ids, double scale);
/// Gradient of the table [entries, D]; rows add up in ascending position. The row padding_id (-1: none) gets zero.
Tensor embedding_backward(const Tensor& dy, const Tensor& ids, int64_t entries, double scale, int64_t padding_id);
/// The same, added in place to a table that is of the compute type: only rows that ids name are touched.
void embedding_backward_add_(Tensor& dtable, const Tensor& dy, const Tensor& ids, double scale, int64_t padding_id);

}  // namespace lowbit::ops
