#pragma once

#include <functional>
#include <vector>

#include "autograd/variable.h"

namespace lowbit {

/// The loss of rows [begin, begin + rows.shape()[0]) of `hidden`.
using RowLoss = std::function<Variable(const Variable& rows, int64_t begin)>;

/// Sum of fn over consecutive chunks of rows, for a loss whose intermediate results (logits) are too large to keep for
/// all rows. Each chunk runs forward and at once backward; kept are only the gradients of hidden and of `parameters`,
/// which backward scales.
///   hidden [N, D]   parameters: every variable besides `hidden` that fn depends on and that needs a gradient
/// Without grad mode, or when nothing needs a gradient, only values are computed.
Variable chunked_rows(const Variable& hidden, int64_t chunk, const std::vector<Variable>& parameters, const RowLoss& fn,
                      SourceLine at = SourceLine::here());

}  // namespace lowbit
