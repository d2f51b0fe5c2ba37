#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// (x - mean) / sqrt(variance + eps) * weight + bias over the last axis.
///   x [..., N]   weight, bias [N] or undefined    returns the shape of x
/// Gradient: all; those of weight and bias are summed over rows in an order that no thread count changes.
/// Memory: saves x, mean and 1/deviation of every row. Source: Ba et al. 2016, arXiv:1607.06450.
Variable layer_norm(const Variable& x, const Variable& weight, const Variable& bias, double eps,
                    SourceLine at = SourceLine::here());
/// x / sqrt(mean(x^2) + eps) * weight over the last axis. Source: Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4.
Variable rms_norm(const Variable& x, const Variable& weight, double eps, SourceLine at = SourceLine::here());

}  // namespace lowbit
