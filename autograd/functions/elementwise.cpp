#include "autograd/functions/elementwise.h"

#include "core/ops/elementwise.h"

namespace lowbit {

Variable unary(Unary op, const Variable& x, SourceLine at) {
  const Tensor y = ops::unary(op, x.value());
  return record(
      "unary", y, {x},
      [op, x = Saved(x.value()), y = Saved(y)](const Tensor& dy, GradSink& dx) {
        dx.add(0, ops::unary_backward(op, x.get(), y.get(), dy));
      },
      at);
}

Variable add(const Variable& a, const Variable& b, SourceLine at) {
  LB_CHECK(a.shape() == b.shape(), "add", "{} and {} must agree", a.shape().str(), b.shape().str());
  return record(
      "add", ops::add(a.value(), b.value()), {a, b},
      [](const Tensor& dy, GradSink& dx) {
        dx.add(0, dy);
        dx.add(1, dy);
      },
      at);
}

Variable scale(const Variable& x, double alpha, SourceLine at) {
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
