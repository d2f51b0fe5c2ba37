#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// SVCD's "activation quantisation" of the output of a BitLinear as published code has it: a max-abs rescaling that
/// never rounds and never divides back (specs A1, steps 5 and 6),
///   q = clamp(y * 128 / (gamma + 1e-5), -128 + 1e-5, 128 - 1e-5),   gamma = max|y| of a group
/// The gradient runs through gamma too, so that sum(y dy) = 0 in every group up to the 1e-5.
///
/// Groups of time: y [..., T, N] in `groups` groups of floor(T / groups) steps, each over all leading axes and
/// channels; steps left over become 0. This is the reference, where one sentence changes another's result.
Variable rescale_by_time(const Variable& y, int64_t groups, SourceLine at = SourceLine::here());
/// One group for each token, a row of the last axis.
Variable rescale_by_token(const Variable& y, SourceLine at = SourceLine::here());

}  // namespace lowbit
