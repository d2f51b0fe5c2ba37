#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// Sum and mean of all elements: a scalar, f64 for f64 and f32 for every other type. Added up in f64.
Variable sum(const Variable& x, SourceLine at = SourceLine::here());
Variable mean(const Variable& x, SourceLine at = SourceLine::here());

}  // namespace lowbit
