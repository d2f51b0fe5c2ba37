#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// Label-smoothed cross entropy of each row, e = smoothing / (cols - 1):
///   loss = (1 - smoothing - e) nll + e sum_v(-log p_v);  rows whose target is `ignore` give 0.
struct CrossEntropyArgs {
  const void* logits;
  const int32_t* targets;
  double* loss;      ///< [rows]
  double* nll;       ///< [rows], without smoothing
  double* lse;       ///< [rows], log sum exp: what backward needs
  uint8_t* correct;  ///< [rows], 1 where the target has the largest logit
  int64_t rows, cols;
  double smoothing;
  int32_t ignore;
  DType dtype;
};
struct CrossEntropyGradArgs {
  const void* logits;
  const int32_t* targets;
  const double* lse;
  void* dlogits;
  int64_t rows, cols;
  double smoothing, dy;
  int32_t ignore;
  DType dtype;
};
/// T^2 sum_v -softmax(teacher / T)_v log softmax(student / T)_v of each row with mask 1. A class that the teacher gives
/// probability 0 counts nothing, whatever the student's logit.
struct SoftCrossEntropyArgs {
  const void *student, *teacher;
  const uint8_t* mask;
  double* loss;                       ///< [rows]
  double *student_lse, *teacher_lse;  ///< [rows], of logits / T
  int64_t rows, cols;
  double temperature;
  DType dtype;
};
struct SoftCrossEntropyGradArgs {
  const void *student, *teacher;
  const uint8_t* mask;
  const double *student_lse, *teacher_lse;
  void* dstudent;
  int64_t rows, cols;
  double temperature, dy;
  DType dtype;
};
/// sum_j (a_j - b_j)^2 of each row with mask 1.
struct SquaredErrorArgs {
  const void *a, *b;
  const uint8_t* mask;
  double* loss;  ///< [rows]
  int64_t rows, cols;
  DType dtype;
};
struct SquaredErrorGradArgs {
  const void *a, *b;
  const uint8_t* mask;
  void* da;
  int64_t rows, cols;
  double dy;
  DType dtype;
};
struct LossKernels {
  void (*cross_entropy)(Stream&, const CrossEntropyArgs&) = nullptr;
  void (*cross_entropy_backward)(Stream&, const CrossEntropyGradArgs&) = nullptr;
  void (*soft_cross_entropy)(Stream&, const SoftCrossEntropyArgs&) = nullptr;
  void (*soft_cross_entropy_backward)(Stream&, const SoftCrossEntropyGradArgs&) = nullptr;
  void (*squared_error)(Stream&, const SquaredErrorArgs&) = nullptr;
  void (*squared_error_backward)(Stream&, const SquaredErrorGradArgs&) = nullptr;
};

std::span<const Impl<LossKernels>> loss_impls();
const LossKernels& loss_kernels(Device device, DType dtype);

}  // namespace lowbit
