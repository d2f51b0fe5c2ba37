#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// Softmax over the last axis.   x [..., N]   Gradient: x. Memory: saves the result.
Variable softmax(const Variable& x, SourceLine at = SourceLine::here());

}  // namespace lowbit
