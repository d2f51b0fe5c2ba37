#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// scale * table[id].
///   table [V, D]   ids [...] i32    returns [..., D]
/// Gradient: table, whose row padding_id (-1: none) receives nothing. Errors: an id outside [0, V).
Variable embedding(const Variable& table, const Tensor& ids, double scale, int64_t padding_id,
                   SourceLine at = SourceLine::here());

}  // namespace lowbit
