#include "core/ops/qmatmul.h"

#include "core/error.h"
#include "core/operation_count.h"
#include "core/ops/elementwise.h"
#include "core/ops/matmul.h"
#include "core/ops/quantize.h"
#include "core/ops/reduce.h"

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

namespace {

/// offset^T dy, what the offsets of x add to every column of y.
Tensor offset_product(const Tensor& dy, const PackedInput& x) {
  if (x.offset.numel() != x.rows) return scale(column_sum(dy), x.offset.item());
  return matmul(x.offset.reshape({x.rows, 1}), dy, {.transpose_a = true});
}

/// Writes y, or adds to it.
void run_outer(const Tensor& dy, const PackedInput& x, bool accumulate, Tensor& y) {
  LB_CHECK(dy.dtype() == DType::f32 && dy.shape().rank() >= 1 && dy.shape().rows() == x.rows, "qouter",
           "a gradient {} {} does not fit an input of {} rows", to_string(dy.dtype()), dy.shape().str(), x.rows);
  const int64_t out = dy.shape().last();
  const Tensor flat = dy.reshape({x.rows, out}), one = Tensor::scalar(1);
  const bool by_row = x.scale.numel() == x.rows;
  const Tensor offset = x.offset.defined() ? offset_product(flat, x) : Tensor();
  if (x.blocks.empty() && !accumulate) y.fill_zero();
  for (const PackedInput::Block& block : x.blocks) {
    const int64_t end = block.first + block.rows;
    const QTensor factor =
        encode_columns(flat.rows(block.first, end), by_row ? x.scale.rows(block.first, end) : Tensor());
    const bool first = block.first == 0;
    QGemmArgs args{};
    args.m = out, args.n = x.in, args.k = block.rows;
    args.x = factor.codes.data<int8_t>();
    args.x_codes = input_codes_of(factor.book);
    const Tensor factor_scale = by_row ? factor.scale : scale(factor.scale, x.scale.item());
    args.x_scale = factor_scale.data<float>();
    args.x_offset = first && offset.defined() ? offset.data<float>() : nullptr;
    args.x_stride = 1;
    args.panels = block.panels.data<uint8_t>();
    args.layout = x.layout;
    args.w_scale = one.data<float>();
    args.sums = x.ones.data<int32_t>();
    args.y = y.mutable_data<float>();
    args.accumulate = accumulate || !first;
    operation_count().integer += 2.0 * static_cast<double>(args.m * args.n * args.k);
    qgemm_kernels(y.device()).gemm(current_stream(y.device()), args);
  }
}

}  // namespace

Tensor qouter(const Tensor& dy, const PackedInput& x) {
  Tensor y = Tensor::empty({dy.shape().last(), x.in}, DType::f32, dy.device());
  run_outer(dy, x, false, y);
  return y;
}

void qouter_add_(Tensor& y, const Tensor& dy, const PackedInput& x) {
  LB_CHECK(y.dtype() == DType::f32 && y.shape() == Shape({dy.shape().last(), x.in}), "qouter_add_",
           "{} {} cannot take a gradient {} times an input of {} columns", to_string(y.dtype()), y.shape().str(),
           dy.shape().str(), x.in);
  run_outer(dy, x, true, y);
}

}  // namespace lowbit::ops
