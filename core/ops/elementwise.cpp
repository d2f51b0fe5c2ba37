#include "core/ops/elementwise.h"

#include "core/error.h"
#include "core/kernels/elementwise.h"

namespace lowbit::ops {
namespace {

const ElementwiseKernels& kernels(const Tensor& x) { return elementwise_kernels(x.device(), x.dtype()); }

void check_floating(const char* where, const Tensor& x) {
  LB_CHECK(is_floating(x.dtype()), where, "needs a floating type, got {}", to_string(x.dtype()));
}

void check_same(const char* where, const Tensor& a, const Tensor& b) {
  LB_CHECK(a.shape() == b.shape() && a.dtype() == b.dtype(), where, "{} {} and {} {} must agree", to_string(a.dtype()),
           a.shape().str(), to_string(b.dtype()), b.shape().str());
}

}  // namespace

Tensor unary(Unary op, const Tensor& x) {
  check_floating("unary", x);
  Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  kernels(x).unary(current_stream(x.device()), {op, x.raw(), y.mutable_raw(), x.numel(), x.dtype()});
  return y;
}

Tensor unary_backward(Unary op, const Tensor& x, const Tensor& y, const Tensor& dy) {
  check_same("unary_backward", y, dy);
  Tensor dx = Tensor::empty(x.shape(), x.dtype(), x.device());
  kernels(x).unary_backward(current_stream(x.device()),
                            {op, x.raw(), y.raw(), dy.raw(), dx.mutable_raw(), x.numel(), x.dtype()});
  return dx;
}

Tensor binary(Binary op, const Tensor& a, const Tensor& b) {
  check_floating("binary", a);
  bool trailing = a.dtype() == b.dtype() && b.shape().rank() <= a.shape().rank();
  for (int i = 1; trailing && i <= b.shape().rank(); ++i) trailing = a.shape()[-i] == b.shape()[-i];
  LB_CHECK(trailing, "binary",
           "{} {} cannot be combined with {} {}: the second must have the shape of the first or of its last axes",
           to_string(a.dtype()), a.shape().str(), to_string(b.dtype()), b.shape().str());
  Tensor c = Tensor::empty(a.shape(), a.dtype(), a.device());
  kernels(a).binary(current_stream(a.device()),
                    {op, a.raw(), b.raw(), c.mutable_raw(), a.numel(), b.numel(), a.dtype()});
  return c;
}

Tensor scale(const Tensor& x, double alpha) {
  check_floating("scale", x);
  Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  kernels(x).axpby(current_stream(x.device()), {alpha, x.raw(), 0, y.mutable_raw(), x.numel(), x.dtype()});
  return y;
}

void add_(Tensor& y, const Tensor& x, double alpha) {
  check_same("add_", y, x);
  kernels(x).axpby(current_stream(x.device()), {alpha, x.raw(), 1, y.mutable_raw(), x.numel(), x.dtype()});
}

void scale_(Tensor& y, double alpha) {
  check_floating("scale_", y);
  void* data = y.mutable_raw();
  kernels(y).axpby(current_stream(y.device()), {alpha, data, 0, data, y.numel(), y.dtype()});
}

void round_into_(Tensor& y, const Tensor& x) {
  LB_CHECK(x.shape() == y.shape() && is_floating(x.dtype()) && is_floating(y.dtype()), "round_into_",
           "{} {} cannot be rounded into {} {}", to_string(x.dtype()), x.shape().str(), to_string(y.dtype()),
           y.shape().str());
  kernels(y).cast(current_stream(y.device()), {x.raw(), x.dtype(), y.mutable_raw(), y.dtype(), y.numel()});
}

void round_into_(Tensor& y, const Tensor& x, uint64_t key) {
  LB_CHECK(x.shape() == y.shape() && x.dtype() == DType::f32 && y.dtype() == DType::bf16, "round_into_",
           "stochastic rounding is from f32 to bf16 of one shape, not {} {} to {} {}", to_string(x.dtype()),
           x.shape().str(), to_string(y.dtype()), y.shape().str());
  kernels(y).stochastic_round(current_stream(y.device()), {x.data<float>(), y.mutable_data<bf16>(), y.numel(), key});
}

Tensor full(const Shape& shape, double value, DType dtype, Device device) {
  Tensor y = Tensor::empty(shape, dtype, device);
  check_floating("full", y);
  kernels(y).fill(current_stream(device), {value, y.mutable_raw(), y.numel(), dtype});
  return y;
}

}  // namespace lowbit::ops
