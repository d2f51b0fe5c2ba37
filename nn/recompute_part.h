#pragma once

#include <functional>
#include <vector>

#include "autograd/variable.h"
#include "nn/module.h"

namespace lowbit {

using ModulePart = std::function<Variable(const std::vector<Variable>& inputs, const ForwardContext& ctx)>;

/// part(inputs, ctx), of which backward keeps the inputs only and runs it again (autograd/recompute.h), with the same
/// random draws: the same values as calling it, and the same gradients but for the order of their sums. What it
/// captures must live until then; inside of it nothing is recomputed once more.
Variable recompute_part(const std::vector<Variable>& inputs, const ForwardContext& ctx, const ModulePart& part);

}  // namespace lowbit
