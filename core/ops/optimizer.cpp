#include "core/ops/optimizer.h"

#include <initializer_list>

#include "core/error.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/optimizer.h"

namespace lowbit::ops {
namespace {

void check_f32(const char* where, const Tensor& p, std::initializer_list<const Tensor*> others) {
  LB_CHECK(p.dtype() == DType::f32, where, "optimizers work on f32 masters, got {}", to_string(p.dtype()));
  for (const Tensor* other : others)
    LB_CHECK(other->shape() == p.shape() && other->dtype() == p.dtype(), where, "{} {} does not match the parameter {}",
             to_string(other->dtype()), other->shape().str(), p.shape().str());
}

}  // namespace

void adam_step_(Tensor& p, Tensor& m, Tensor& v, const Tensor& grad, const AdamStep& s) {
  check_f32("adam_step", p, {&m, &v, &grad});
  optimizer_kernels(p.device())
      .adam(current_stream(p.device()),
            {grad.data<float>(), p.mutable_data<float>(), m.mutable_data<float>(), v.mutable_data<float>(), p.numel(),
             s.grad_scale, s.l2, s.keep, s.beta1, s.beta2, s.step, s.root_scale, s.eps});
}

void sgd_step_(Tensor& p, Tensor& buffer, const Tensor& grad, const SgdStep& s) {
  check_f32("sgd_step", p, {&grad});
  if (buffer.defined()) check_f32("sgd_step", p, {&buffer});
  LB_CHECK(buffer.defined() || s.momentum == 0, "sgd_step", "momentum {} needs a buffer", s.momentum);
  optimizer_kernels(p.device())
      .sgd(current_stream(p.device()),
           {grad.data<float>(), p.mutable_data<float>(), buffer.defined() ? buffer.mutable_data<float>() : nullptr,
            p.numel(), s.grad_scale, s.l2, s.momentum, s.lr, s.nesterov});
}

void moving_average_(Tensor& average, const Tensor& x, double decay) {
  LB_CHECK(average.shape() == x.shape() && average.dtype() == x.dtype(), "moving_average", "{} {} and {} {} must agree",
           to_string(average.dtype()), average.shape().str(), to_string(x.dtype()), x.shape().str());
  elementwise_kernels(x.device(), x.dtype())
      .axpby(current_stream(x.device()), {1 - decay, x.raw(), decay, average.mutable_raw(), x.numel(), x.dtype()});
}

}  // namespace lowbit::ops
