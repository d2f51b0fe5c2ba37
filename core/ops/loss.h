#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor.h"

namespace lowbit::ops {

/// What a row-wise loss gives: its total, and per row what the gradient needs (f64, [rows]).
struct CrossEntropyResult {
  double loss = 0, nll = 0;
  int64_t tokens = 0, correct = 0;
  std::vector<double> lse;
};
/// logits [N, V], targets [N] i32 in [0, V) or `ignore`. Error naming the row for any other target.
CrossEntropyResult cross_entropy(const Tensor& logits, const Tensor& targets, double smoothing, int32_t ignore);
/// Written over the logits when the caller gives up the only handle of them.
Tensor cross_entropy_backward(Tensor logits, const Tensor& targets, double smoothing, int32_t ignore,
                              const std::vector<double>& lse, double dy);

struct SoftCrossEntropyResult {
  double loss = 0;
  std::vector<double> student_lse, teacher_lse;
};
/// student, teacher [N, V]; mask [N] u8.
SoftCrossEntropyResult soft_cross_entropy(const Tensor& student, const Tensor& teacher, const Tensor& mask,
                                          double temperature);
/// Likewise.
Tensor soft_cross_entropy_backward(Tensor student, const Tensor& teacher, const Tensor& mask, double temperature,
                                   const SoftCrossEntropyResult& result, double dy);

/// Sum of squared differences over the rows with mask 1: a, b [..., D], mask u8 with one element a row.
double masked_squared_error(const Tensor& a, const Tensor& b, const Tensor& mask);
Tensor masked_squared_error_backward(const Tensor& a, const Tensor& b, const Tensor& mask, double dy);

}  // namespace lowbit::ops
