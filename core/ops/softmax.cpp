#include "core/ops/softmax.h"

#include "core/error.h"
#include "core/kernels/softmax.h"

namespace lowbit::ops {

namespace {

void check_rows(const char* where, const Tensor& x) {
  LB_CHECK(x.shape().rank() >= 1 && x.shape().last() > 0, where, "needs a non-empty last axis, got {}",
           x.shape().str());
}

}  // namespace

Tensor log_softmax(const Tensor& x, double scale) {
  check_rows("log_softmax", x);
  Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  softmax_kernels(x.device(), x.dtype())
      .log_forward(current_stream(x.device()),
                   {x.raw(), y.mutable_raw(), x.shape().rows(), x.shape().last(), scale, x.dtype()});
  return y;
}

Tensor softmax(const Tensor& x) {
  check_rows("softmax", x);
  Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  softmax_kernels(x.device(), x.dtype())
      .forward(current_stream(x.device()), {x.raw(), y.mutable_raw(), x.shape().rows(), x.shape().last(), x.dtype()});
  return y;
}

Tensor softmax_backward(const Tensor& y, const Tensor& dy) {
  LB_CHECK(y.shape() == dy.shape(), "softmax_backward", "gradient {} must have the shape of the result {}",
           dy.shape().str(), y.shape().str());
  Tensor dx = Tensor::empty(y.shape(), y.dtype(), y.device());
  softmax_kernels(y.device(), y.dtype())
      .backward(current_stream(y.device()),
                {y.raw(), dy.raw(), dx.mutable_raw(), y.shape().rows(), y.shape().last(), y.dtype()});
  return dx;
}

}  // namespace lowbit::ops
