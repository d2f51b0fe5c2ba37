#pragma once

#include <functional>
#include <vector>

#include "autograd/variable.h"
#include "nn/module.h"

namespace lowbit {

using ModulePart = std::function<Variable(const std::vector<Variable>& inputs, const ForwardContext& ctx)>;

/// part(inputs, ctx); when ctx asks for parts of this kind, backward keeps the inputs only and runs it again
/// (autograd/recompute.h), with the same random draws: the same values, and the same gradients but for the order of
/// their sums. What it captures must live until then; inside of it nothing is recomputed once more.
Variable recompute_part(Recompute kind, const std::vector<Variable>& inputs, const ForwardContext& ctx,
                        const ModulePart& part);

}  // namespace lowbit
