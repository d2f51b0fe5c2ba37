#include "autograd/functions/elementwise.h"

#include "autograd/precision.h"
#include "core/ops/elementwise.h"

namespace lowbit {

Variable unary(Unary op, const Variable& given, SourceLine at) {
  const Variable x = stored(given, at);
  const Tensor y = ops::unary(op, x.value());
  return record(
      "unary", y, {x},
      [op, x = Saved(x.value()), y = Saved(slope_reads_result(op) ? y : x.value())](const Tensor& dy, GradSink& dx) {
        dx.add(0, ops::unary_backward(op, x.get(), y.get(), dy));
      },
      at);
}

Variable add(const Variable& given_a, const Variable& given_b, SourceLine at) {
  const Variable a = stored(given_a, at), b = stored(given_b, at);
  LB_CHECK(a.shape() == b.shape(), "add", "{} and {} must agree", a.shape().str(), b.shape().str());
  return record(
      "add", ops::add(a.value(), b.value()), {a, b},
      [](const Tensor& dy, GradSink& dx) {
        dx.add(0, dy);
        dx.add(1, dy);
      },
      at);
}

Variable scale(const Variable& given, double alpha, SourceLine at) {
  const Variable x = stored(given, at);
  return record(
      "scale", ops::scale(x.value(), alpha), {x},
      [alpha](const Tensor& dy, GradSink& dx) { dx.add(0, ops::scale(dy, alpha)); }, at);
}

Variable cast(const Variable& x, DType dtype, SourceLine at) {
  if (x.dtype() == dtype) return x;
  return record(
      "cast", x.value().to(dtype), {x}, [from = x.dtype()](const Tensor& dy, GradSink& dx) { dx.add(0, dy.to(from)); },
      at);
}

}  // namespace lowbit
