#include "core/ops/qmatmul.h"

#include "core/error.h"
#include "core/operation_count.h"

namespace lowbit::ops {

Tensor qlinear(const QTensor& x, const PackedWeight& w, const Tensor& bias) {
  LB_CHECK(x.shape().rank() >= 1 && x.shape().last() == w.in, "qlinear",
           "input {} must end in the {} columns of the weight", x.shape().str(), w.in);
  LB_CHECK(!bias.defined() || (bias.dtype() == DType::f32 && bias.numel() == w.out), "qlinear",
           "bias must be f32 [{}], not {} {}", w.out, to_string(bias.dtype()), bias.shape().str());
  const int64_t rows = x.shape().rows(), scales = x.per == Granularity::tensor ? 1 : rows;
  LB_CHECK(x.scale.numel() == scales && (!x.offset.defined() || x.offset.numel() == scales), "qlinear",
           "input {} needs {} scales, not {}", x.shape().str(), scales, x.scale.shape().str());
  Tensor y = Tensor::empty(x.shape().with_last(w.out), DType::f32, x.codes.device());
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
  operation_count().integer += 2.0 * static_cast<double>(rows * w.out * w.in);
  qgemm_kernels(y.device()).gemm(current_stream(y.device()), args);
  return y;
}

}  // namespace lowbit::ops
