#include "autograd/functions/loss.h"

#include "core/ops/loss.h"

namespace lowbit {
namespace {

/// Scalars keep f64 for f64 inputs (gradient checks), f32 otherwise.
Tensor scalar_like(const Tensor& x, double value) {
  return x.dtype() == DType::f64 ? Tensor::from<double>(Shape{}, {value}) : Tensor::scalar(static_cast<float>(value));
}

}  // namespace

Variable cross_entropy(const Variable& logits, const Tensor& targets, double smoothing, int32_t ignore,
                       CrossEntropyStats* stats, SourceLine at) {
  ops::CrossEntropyResult result = ops::cross_entropy(logits.value(), targets, smoothing, ignore);
  if (stats) *stats = {.nll_sum = result.nll, .tokens = result.tokens, .correct = result.correct};
  return record(
      "cross_entropy", scalar_like(logits.value(), result.loss), {logits},
      [logits = Saved(logits.value()), targets = Saved(targets), smoothing, ignore, lse = std::move(result.lse)](
          const Tensor& dy, GradSink& dx) mutable {
        dx.add(0, ops::cross_entropy_backward(logits.take(), targets.get(), smoothing, ignore, lse, dy.item()));
      },
      at);
}

Variable soft_cross_entropy(const Variable& student, const Tensor& given_teacher, const Tensor& mask,
                            double temperature, SourceLine at) {
  const Tensor teacher = given_teacher.to(student.dtype());
  ops::SoftCrossEntropyResult result = ops::soft_cross_entropy(student.value(), teacher, mask, temperature);
  const Tensor loss = scalar_like(student.value(), result.loss);
  return record(
      "soft_cross_entropy", loss, {student},
      [student = Saved(student.value()), teacher = Saved(teacher), mask = Saved(mask), temperature,
       result = std::move(result)](const Tensor& dy, GradSink& dx) mutable {
        dx.add(0, ops::soft_cross_entropy_backward(student.take(), teacher.get(), mask.get(), temperature, result,
                                                   dy.item()));
      },
      at);
}

Variable masked_squared_error(const Variable& a, const Tensor& given_b, const Tensor& mask, SourceLine at) {
  const Tensor b = given_b.to(a.dtype());
  return record(
      "masked_squared_error", scalar_like(a.value(), ops::masked_squared_error(a.value(), b, mask)), {a},
      [a = Saved(a.value()), b = Saved(b), mask = Saved(mask)](const Tensor& dy, GradSink& dx) {
        dx.add(0, ops::masked_squared_error_backward(a.get(), b.get(), mask.get(), dy.item()));
      },
      at);
}

}  // namespace lowbit
