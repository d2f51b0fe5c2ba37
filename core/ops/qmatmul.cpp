#include "core/ops/qmatmul.h"

#include "core/error.h"
#include "core/operation_count.h"
#include "core/ops/elementwise.h"

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

GradientUse gradient_use(const PackedInput& x) {
  const auto by_row = [&](const Tensor& values) { return values.defined() && values.numel() == x.rows; };
  return {.blocks = static_cast<int64_t>(x.blocks.size()),
          .row_factor = by_row(x.scale) ? x.scale : Tensor(),
          .row_offset = by_row(x.offset) ? x.offset : Tensor()};
}

namespace {

/// Writes y, or adds to it.
void run_outer(const GradientCodes& dy, const PackedInput& x, bool accumulate, Tensor& y) {
  LB_CHECK(dy.columns.size() == x.blocks.size(), "qouter", "{} blocks of the gradient for {} of the input",
           dy.columns.size(), x.blocks.size());
  const int64_t out = y.shape()[0];
  const Tensor one = Tensor::scalar(1);
  Tensor offset = dy.offset_sum;  // what the offsets of x add to every column of y
  if (x.offset.defined() && !offset.defined()) offset = scale(dy.sum, x.offset.item());
  if (x.blocks.empty() && !accumulate) y.fill_zero();
  for (size_t b = 0; b < x.blocks.size(); ++b) {
    const PackedInput::Block& block = x.blocks[b];
    const QTensor& factor = dy.columns[b];
    LB_CHECK(factor.shape() == Shape({out, block.rows}), "qouter",
             "block {} of the gradient is {}, of the input {} rows", b, factor.shape().str(), block.rows);
    const Tensor factor_scale = x.scale.numel() == x.rows ? factor.scale : scale(factor.scale, x.scale.item());
    QGemmArgs args{};
    args.m = out, args.n = x.in, args.k = block.rows;
    args.x = factor.codes.data<int8_t>();
    args.x_codes = input_codes_of(factor.book);
    args.x_scale = factor_scale.data<float>();
    args.x_offset = b == 0 && offset.defined() ? offset.data<float>() : nullptr;
    args.x_stride = 1;
    args.panels = block.panels.data<uint8_t>();
    args.layout = x.layout;
    args.w_scale = one.data<float>();
    args.sums = x.ones.data<int32_t>();
    args.y = y.mutable_data<float>();
    args.accumulate = accumulate || b > 0;
    operation_count().integer += 2.0 * static_cast<double>(args.m * args.n * args.k);
    qgemm_kernels(y.device()).gemm(current_stream(y.device()), args);
  }
}

}  // namespace

Tensor qouter(const GradientCodes& dy, const PackedInput& x) {
  Tensor y = Tensor::empty({dy.sum.numel(), x.in}, DType::f32, dy.sum.device());
  run_outer(dy, x, false, y);
  return y;
}

void qouter_add_(Tensor& y, const GradientCodes& dy, const PackedInput& x) {
  LB_CHECK(y.dtype() == DType::f32 && y.shape() == Shape({dy.sum.numel(), x.in}), "qouter_add_",
           "{} {} cannot take a gradient of {} columns times an input of {}", to_string(y.dtype()), y.shape().str(),
           dy.sum.numel(), x.in);
  run_outer(dy, x, true, y);
}

}  // namespace lowbit::ops
