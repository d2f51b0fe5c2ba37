#include "core/ops/loss.h"

#include <numeric>

#include "core/error.h"
#include "core/kernels/loss.h"

namespace lowbit::ops {
namespace {

std::vector<double> per_row(int64_t rows) { return std::vector<double>(static_cast<size_t>(rows)); }

double total(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

const LossKernels& kernels(const Tensor& x) { return loss_kernels(x.device(), x.dtype()); }

void check_pair(const char* where, const Tensor& a, const Tensor& b, const Tensor& mask) {
  LB_CHECK(a.shape() == b.shape() && a.dtype() == b.dtype(), where, "{} {} and {} {} must agree", to_string(a.dtype()),
           a.shape().str(), to_string(b.dtype()), b.shape().str());
  LB_CHECK(mask.numel() == a.shape().rows(), where, "a mask of {} elements does not fit the {} rows of {}",
           mask.numel(), a.shape().rows(), a.shape().str());
}

/// Room for a tensor like x: x itself when nobody else holds it.
Tensor reused(const Tensor& x) { return x.unique() ? x : Tensor::empty(x.shape(), x.dtype(), x.device()); }

}  // namespace

CrossEntropyResult cross_entropy(const Tensor& logits, const Tensor& targets, double smoothing, int32_t ignore) {
  LB_CHECK(logits.shape().rank() == 2 && targets.shape() == Shape{logits.shape()[0]}, "cross_entropy",
           "logits [N, V] and targets [N] are needed, got {} and {}", logits.shape().str(), targets.shape().str());
  const int64_t rows = logits.shape()[0], cols = logits.shape()[1];
  const int32_t* target = targets.data<int32_t>();
  CrossEntropyResult result;
  for (int64_t r = 0; r < rows; ++r) {
    if (target[r] == ignore) continue;
    LB_CHECK(target[r] >= 0 && target[r] < cols, "cross_entropy", "target {} of row {} is outside [0, {})", target[r],
             r, cols);
    ++result.tokens;
  }
  std::vector<double> loss = per_row(rows), nll = per_row(rows);
  std::vector<uint8_t> correct(static_cast<size_t>(rows));
  result.lse = per_row(rows);
  kernels(logits).cross_entropy(current_stream(logits.device()), {.logits = logits.raw(),
                                                                  .targets = target,
                                                                  .loss = loss.data(),
                                                                  .nll = nll.data(),
                                                                  .lse = result.lse.data(),
                                                                  .correct = correct.data(),
                                                                  .rows = rows,
                                                                  .cols = cols,
                                                                  .smoothing = smoothing,
                                                                  .ignore = ignore,
                                                                  .dtype = logits.dtype()});
  result.loss = total(loss);
  result.nll = total(nll);
  result.correct = std::accumulate(correct.begin(), correct.end(), int64_t{0});
  return result;
}

Tensor cross_entropy_backward(Tensor logits, const Tensor& targets, double smoothing, int32_t ignore,
                              const std::vector<double>& lse, double dy) {
  Tensor dlogits = reused(logits);
  kernels(logits).cross_entropy_backward(current_stream(logits.device()), {.logits = logits.raw(),
                                                                           .targets = targets.data<int32_t>(),
                                                                           .lse = lse.data(),
                                                                           .dlogits = dlogits.mutable_raw(),
                                                                           .rows = logits.shape()[0],
                                                                           .cols = logits.shape()[1],
                                                                           .smoothing = smoothing,
                                                                           .dy = dy,
                                                                           .ignore = ignore,
                                                                           .dtype = logits.dtype()});
  return dlogits;
}

SoftCrossEntropyResult soft_cross_entropy(const Tensor& student, const Tensor& teacher, const Tensor& mask,
                                          double temperature) {
  check_pair("soft_cross_entropy", student, teacher, mask);
  LB_CHECK(temperature > 0, "soft_cross_entropy", "temperature must be positive, not {}", temperature);
  const int64_t rows = student.shape().rows();
  SoftCrossEntropyResult result{.student_lse = per_row(rows), .teacher_lse = per_row(rows)};
  std::vector<double> loss = per_row(rows);
  kernels(student).soft_cross_entropy(current_stream(student.device()), {.student = student.raw(),
                                                                         .teacher = teacher.raw(),
                                                                         .mask = mask.data<uint8_t>(),
                                                                         .loss = loss.data(),
                                                                         .student_lse = result.student_lse.data(),
                                                                         .teacher_lse = result.teacher_lse.data(),
                                                                         .rows = rows,
                                                                         .cols = student.shape().last(),
                                                                         .temperature = temperature,
                                                                         .dtype = student.dtype()});
  result.loss = total(loss);
  return result;
}

Tensor soft_cross_entropy_backward(Tensor student, const Tensor& teacher, const Tensor& mask, double temperature,
                                   const SoftCrossEntropyResult& result, double dy) {
  Tensor dstudent = reused(student);
  kernels(student).soft_cross_entropy_backward(current_stream(student.device()),
                                               {.student = student.raw(),
                                                .teacher = teacher.raw(),
                                                .mask = mask.data<uint8_t>(),
                                                .student_lse = result.student_lse.data(),
                                                .teacher_lse = result.teacher_lse.data(),
                                                .dstudent = dstudent.mutable_raw(),
                                                .rows = student.shape().rows(),
                                                .cols = student.shape().last(),
                                                .temperature = temperature,
                                                .dy = dy,
                                                .dtype = student.dtype()});
  return dstudent;
}

double masked_squared_error(const Tensor& a, const Tensor& b, const Tensor& mask) {
  check_pair("masked_squared_error", a, b, mask);
  std::vector<double> loss = per_row(a.shape().rows());
  kernels(a).squared_error(current_stream(a.device()), {a.raw(), b.raw(), mask.data<uint8_t>(), loss.data(),
                                                        a.shape().rows(), a.shape().last(), a.dtype()});
  return total(loss);
}

Tensor masked_squared_error_backward(const Tensor& a, const Tensor& b, const Tensor& mask, double dy) {
  Tensor da = Tensor::empty(a.shape(), a.dtype(), a.device());
  kernels(a).squared_error_backward(
      current_stream(a.device()),
      {a.raw(), b.raw(), mask.data<uint8_t>(), da.mutable_raw(), a.shape().rows(), a.shape().last(), dy, a.dtype()});
  return da;
}

}  // namespace lowbit::ops
