#pragma once

#include "autograd/variable.h"

namespace lowbit {

/// Figures of a cross entropy that are not part of its gradient.
struct CrossEntropyStats {
  double nll_sum = 0;  ///< without smoothing, natural log
  int64_t tokens = 0, correct = 0;
};

/// Label-smoothed cross entropy, summed over the rows whose target is not `ignore`; e = smoothing / (V - 1):
///   (1 - smoothing - e) nll + e sum_v(-log p_v)          (fairseq's form; smoothing 0 is the plain one)
///   logits [N, V]   targets [N] i32   returns a scalar
/// Gradient: logits. Memory: saves logits and one f64 a row.
Variable cross_entropy(const Variable& logits, const Tensor& targets, double smoothing, int32_t ignore,
                       CrossEntropyStats* stats = nullptr, SourceLine at = SourceLine::here());

/// T^2 sum_v -softmax(teacher / T)_v log softmax(student / T)_v, summed over the rows with mask 1 (Hinton et al. 2015,
/// arXiv:1503.02531; TBT's soft loss with T = 1).
///   student, teacher [N, V]   mask [N] u8   returns a scalar
/// Gradient: student. Memory: saves both logits and two f64 a row.
Variable soft_cross_entropy(const Variable& student, const Tensor& teacher, const Tensor& mask, double temperature,
                            SourceLine at = SourceLine::here());

/// Sum of squared differences over the rows with mask 1.
///   a, b [..., D]   mask u8, one element a row   returns a scalar
/// Gradient: a. Memory: saves a and b.
Variable masked_squared_error(const Variable& a, const Tensor& b, const Tensor& mask,
                              SourceLine at = SourceLine::here());

}  // namespace lowbit
