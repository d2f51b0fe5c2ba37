#include "core/ops/norm.h"

#include "core/error.h"
#include "core/kernels/norm.h"
#include "core/kernels/row_blocks.h"

namespace lowbit::ops {
namespace {

const void* raw_or_null(const Tensor& t) { return t.defined() ? t.raw() : nullptr; }

void check_vector(const char* what, const Tensor& v, const Tensor& x) {
  LB_CHECK(!v.defined() || (v.shape() == Shape{x.shape().last()} && v.dtype() == compute_type(x.dtype())), "norm",
           "{} must be {} [{}], got {} {}", what, to_string(compute_type(x.dtype())), x.shape().last(),
           to_string(v.dtype()), v.shape().str());
}

}  // namespace

NormResult norm(NormKind kind, const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  LB_CHECK(x.shape().rank() >= 1 && x.shape().last() > 0 && is_floating(x.dtype()), "norm",
           "needs a floating type and a non-empty last axis, got {} {}", to_string(x.dtype()), x.shape().str());
  check_vector("weight", weight, x);
  check_vector("bias", bias, x);
  LB_CHECK(weight.defined() || !bias.defined(), "norm", "a bias needs a weight");
  const int64_t rows = x.shape().rows();
  const DType statistics = compute_type(x.dtype());
  NormResult result;
  result.y = Tensor::empty(x.shape(), x.dtype(), x.device());
  if (kind == NormKind::layer) result.mean = Tensor::empty(Shape{rows}, statistics, x.device());
  result.rstd = Tensor::empty(Shape{rows}, statistics, x.device());
  norm_kernels(x.device(), x.dtype())
      .forward(current_stream(x.device()), {x.raw(), raw_or_null(weight), raw_or_null(bias), result.y.mutable_raw(),
                                            result.mean.defined() ? result.mean.mutable_raw() : nullptr,
                                            result.rstd.mutable_raw(), rows, x.shape().last(), eps, x.dtype()});
  return result;
}

NormGrads norm_backward(const Tensor& x, const Tensor& weight, const Tensor& mean, const Tensor& rstd, const Tensor& dy,
                        bool weight_grads) {
  LB_CHECK(dy.shape() == x.shape() && dy.dtype() == x.dtype(), "norm_backward", "gradient {} must be like the input {}",
           dy.shape().str(), x.shape().str());
  const int64_t rows = x.shape().rows(), cols = x.shape().last();
  NormGrads grads;
  grads.dx = Tensor::empty(x.shape(), x.dtype(), x.device());
  if (weight_grads) {
    grads.dweight = Tensor::empty(Shape{cols}, compute_type(x.dtype()), x.device());
    grads.dbias = Tensor::empty(Shape{cols}, compute_type(x.dtype()), x.device());
  }
  Tensor workspace = Tensor::empty(Shape{row_block_count(rows), 2, cols}, compute_type(x.dtype()), x.device());
  norm_kernels(x.device(), x.dtype())
      .backward(current_stream(x.device()),
                {x.raw(), raw_or_null(weight), raw_or_null(mean), rstd.raw(), dy.raw(), grads.dx.mutable_raw(),
                 weight_grads ? grads.dweight.mutable_raw() : nullptr,
                 weight_grads ? grads.dbias.mutable_raw() : nullptr, workspace.mutable_raw(), rows, cols, x.dtype()});
  return grads;
}

}  // namespace lowbit::ops
