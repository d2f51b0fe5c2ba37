#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// The same elements under another shape. Gradient: x.
Variable reshape(const Variable& x, const Shape& shape, SourceLine at = SourceLine::here());

}  // namespace lowbit
