#include "core/ops/qmatmul.h"

#include "core/error.h"
#include "core/operation_count.h"

namespace lowbit::ops {

namespace {

/// Writes y, or adds to it.
void run(const QTensor& x, const PackedWeight& w, const Tensor& bias, bool accumulate, Tensor& y) {
  LB_CHECK(x.shape().last() == w.in, "qlinear", "input {} must end in the {} columns of the weight", x.shape().str(),
           w.in);
  LB_CHECK(!bias.defined() || (bias.dtype() == DType::f32 && bias.numel() == w.out), "qlinear",
           "bias must be f32 [{}], not {} {}", w.out, to_string(bias.dtype()), bias.shape().str());
  const int64_t rows = x.shape().rows(), scales = x.per == Granularity::tensor ? 1 : rows;
  LB_CHECK(x.scale.numel() == scales && (!x.offset.defined() || x.offset.numel() == scales), "qlinear",
           "input {} needs {} scales, not {}", x.shape().str(), scales, x.scale.shape().str());
  QGemmArgs args{};
  args.m = rows, args.n = w.out, args.k = w.in;
  args.x = x.codes.data<int8_t>();
  args.x_codes = input_codes_of(x.book);
  args.x_scale = x.scale.data<float>();
  args.x_offset = x.offset.defined() ? x.offset.data<float>() : nullptr;
  args.x_stride = x.per == Granularity::tensor ? 0 : 1;
  args.x_zero = zero_of(x.book);
  args.panels = w.panels.data<uint8_t>();
  args.layout = layout_of(w.book);
  args.w_scale = w.scale.data<float>();
  args.w_stride = w.scale.numel() == 1 ? 0 : 1;
  args.sums = w.sums.data<int32_t>();
  args.bias = bias.defined() ? bias.data<float>() : nullptr;
  args.y = y.mutable_data<float>();
  args.accumulate = accumulate;
  operation_count().integer += 2.0 * static_cast<double>(rows * w.out * w.in);
  qgemm_kernels(y.device()).gemm(current_stream(y.device()), args);
}

}  // namespace

Tensor qlinear(const QTensor& x, const PackedWeight& w, const Tensor& bias) {
  LB_CHECK(x.shape().rank() >= 1, "qlinear", "input {} has no columns", x.shape().str());
  Tensor y = Tensor::empty(x.shape().with_last(w.out), DType::f32, x.codes.device());
  run(x, w, bias, false, y);
  return y;
}

void qlinear_add_(Tensor& y, const QTensor& x, const PackedWeight& w) {
  LB_CHECK(y.dtype() == DType::f32 && x.shape().rank() >= 1 && y.shape() == x.shape().with_last(w.out), "qlinear_add_",
           "{} {} cannot take {} times a weight of {} rows", to_string(y.dtype()), y.shape().str(), x.shape().str(),
           w.out);
  run(x, w, {}, true, y);
}

}  // namespace lowbit::ops
