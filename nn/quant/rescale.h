#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// SVCD's "activation quantisation" of the output of a BitLinear as published code has it: a max-abs rescaling that
/// never rounds and never divides back,
///   q = clamp(y * 128 / (gamma + 1e-5), -128 + 1e-5, 128 - 1e-5),   gamma = max|y| of a group
/// The gradient runs through gamma too, so that sum(y dy) = 0 in every group up to the 1e-5.
///
/// Groups of time: y [..., T, N] in `groups` groups of floor(T / groups) steps, each over all leading axes and
/// channels; steps left over become 0. This is the reference, where one sentence changes another's result.
Variable rescale_by_time(const Variable& y, int64_t groups, SourceLine at = SourceLine::here());
/// One group for each token, a row of the last axis.
Variable rescale_by_token(const Variable& y, SourceLine at = SourceLine::here());

/// rescale_by_time with the roundings of the public code in a half type: y * 128 is stored before it is divided, and so
/// are its quotient, the divisor and every product of the backward. In f16 it fails as that code does: where |y| >
/// 511.75 the product overflows, the clamp hides it from forward and loss, and the gradient of gamma is 0 * inf = NaN
/// under every loss scale. To reproduce a failing run; rescale_by_time gives the same values without the failure.
Variable rescale_as_published(const Variable& y, int64_t groups, SourceLine at = SourceLine::here());

}  // namespace lowbit
