#include "core/ops/quantize.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/kernels/quantize.h"

namespace lowbit::ops {
namespace {

Groups groups_of(const Tensor& x, Granularity per) {
  if (per == Granularity::tensor) return {1, x.numel()};
  return {x.shape().rows(), x.shape().last()};
}

/// Per-group argument: f32 with one entry a group; null when undefined and that is allowed.
const float* per_group(const Tensor& t, Groups groups, const char* where, const char* name, bool optional = false) {
  if (optional && !t.defined()) return nullptr;
  LB_CHECK(t.defined() && t.dtype() == DType::f32 && t.numel() == groups.count, where,
           "{} must be f32 with one entry for each of {} groups, not {} {}", name, groups.count,
           t.defined() ? to_string(t.dtype()) : "undefined", t.shape().str());
  return t.data<float>();
}

void check_input(const Tensor& x, const char* where) {
  LB_CHECK(x.defined() && x.dtype() == DType::f32, where, "input must be f32");
}

Tensor empty_groups(Groups groups, const Tensor& x) {
  return Tensor::empty(Shape({groups.count}), DType::f32, x.device());
}

/// Allocates the outputs of an encoder, completes its arguments and runs it.
Encoding run(EncodeArgs args, const Tensor& x, CodeBook book, Granularity per, const PassRule& rule, bool has_offset) {
  const Groups groups = groups_of(x, per);
  Encoding e;
  e.q = {book, per, Tensor::empty(x.shape(), DType::i8, x.device()), empty_groups(groups, x), {}};
  if (has_offset) e.q.offset = empty_groups(groups, x);
  e.counts = Tensor::empty(Shape({3}), DType::i64, x.device());
  args.x = x.data<float>();
  args.groups = groups;
  args.zero = zero_of(book);
  args.smallest_scale = kSmallestScale;
  args.codes = e.q.codes.mutable_data<int8_t>();
  args.scale = e.q.scale.mutable_data<float>();
  args.offset = has_offset ? e.q.offset.mutable_data<float>() : nullptr;
  args.counts = e.counts.mutable_data<int64_t>();
  if (rule.on != PassRule::On::everything) {
    e.pass = Tensor::zeros(Shape({(x.numel() + 7) / 8}), DType::u8, x.device());
    const float infinity = std::numeric_limits<float>::infinity();
    args.pass = {e.pass.mutable_data<uint8_t>(), rule.on == PassRule::On::level,
                 rule.closed ? rule.low : std::nextafter(rule.low, infinity),
                 rule.closed ? rule.high : std::nextafter(rule.high, -infinity)};
  }
  quantize_kernels(x.device()).encode(current_stream(x.device()), args);
  return e;
}

}  // namespace

GroupStats group_stats(const Tensor& x, Granularity per, const Tensor& shift) {
  check_input(x, "group_stats");
  const Groups groups = groups_of(x, per);
  GroupStats s{empty_groups(groups, x), empty_groups(groups, x), empty_groups(groups, x), empty_groups(groups, x),
               empty_groups(groups, x)};
  quantize_kernels(x.device())
      .stats(current_stream(x.device()),
             {x.data<float>(), per_group(shift, groups, "group_stats", "shift", true), groups,
              s.absmax.mutable_data<float>(), s.mean_abs.mutable_data<float>(), s.mean.mutable_data<float>(),
              s.min.mutable_data<float>(), s.max.mutable_data<float>()});
  return s;
}

Tensor mean_abs(const Tensor& x, Granularity per, const Tensor& shift) {
  check_input(x, "mean_abs");
  const Groups groups = groups_of(x, per);
  Tensor mean = empty_groups(groups, x);
  quantize_kernels(x.device())
      .stats(current_stream(x.device()), {x.data<float>(), per_group(shift, groups, "mean_abs", "shift", true), groups,
                                          nullptr, mean.mutable_data<float>(), nullptr, nullptr, nullptr});
  return mean;
}

Tensor mean_abs_above(const Tensor& x, Granularity per, const Tensor& threshold) {
  check_input(x, "mean_abs_above");
  const Groups groups = groups_of(x, per);
  Tensor mean = empty_groups(groups, x);
  quantize_kernels(x.device())
      .mean_above(current_stream(x.device()),
                  {x.data<float>(), per_group(threshold, groups, "mean_abs_above", "threshold"), groups,
                   mean.mutable_data<float>()});
  return mean;
}

Encoding encode_absmax(const Tensor& x, CodeBook book, Granularity per, const PassRule& pass, float clip, float floor) {
  check_input(x, "encode_absmax");
  const CodeRange range = range_of(book);
  LB_CHECK(range.low < 0 && book != CodeBook::binary, "encode_absmax", "needs a signed book with a zero, not {}",
           to_string(book));
  EncodeArgs args{};
  args.encoder = Encoder::absmax;
  args.low = static_cast<float>(-range.high);
  args.high = static_cast<float>(range.high);
  args.clip = clip;
  args.floor = floor;
  return run(args, x, book, per, pass, false);
}

Encoding encode_asymmetric(const Tensor& x, CodeBook book, Granularity per, std::optional<float> fixed_min,
                           const PassRule& pass, float clip) {
  check_input(x, "encode_asymmetric");
  const CodeRange range = range_of(book);
  LB_CHECK(range.low == 0, "encode_asymmetric", "needs a book of levels from 0 on, not {}", to_string(book));
  EncodeArgs args{};
  args.encoder = Encoder::asymmetric;
  args.low = 0;
  args.high = static_cast<float>(range.high);
  args.clip = clip;
  args.has_fixed_min = fixed_min.has_value();
  args.fixed_min = fixed_min.value_or(0.0f);
  return run(args, x, book, per, pass, true);
}

Encoding encode_grid(const Tensor& x, CodeBook book, Granularity per, const Tensor& scale, const Tensor& offset,
                     int low, int high, const PassRule& pass) {
  check_input(x, "encode_grid");
  const CodeRange range = range_of(book);
  LB_CHECK(range.low <= low && low < high && high <= range.high, "encode_grid", "levels {}..{} are not all in {}", low,
           high, to_string(book));
  EncodeArgs args{};
  args.encoder = Encoder::grid;
  args.low = static_cast<float>(low);
  args.high = static_cast<float>(high);
  args.given_scale = per_group(scale, groups_of(x, per), "encode_grid", "scale");
  args.given_shift = per_group(offset, groups_of(x, per), "encode_grid", "offset", true);
  return run(args, x, book, per, pass, offset.defined());
}

Encoding encode_sign(const Tensor& x, Granularity per, const Tensor& scale, const Tensor& shift, const PassRule& pass) {
  check_input(x, "encode_sign");
  EncodeArgs args{};
  args.encoder = Encoder::sign;
  args.given_scale = per_group(scale, groups_of(x, per), "encode_sign", "scale");
  args.given_shift = per_group(shift, groups_of(x, per), "encode_sign", "shift", true);
  return run(args, x, CodeBook::binary, per, pass, false);
}

Encoding encode_threshold(const Tensor& x, Granularity per, const Tensor& scale, const Tensor& threshold,
                          const PassRule& pass) {
  check_input(x, "encode_threshold");
  EncodeArgs args{};
  args.encoder = Encoder::threshold;
  args.given_scale = per_group(scale, groups_of(x, per), "encode_threshold", "scale");
  args.given_shift = per_group(threshold, groups_of(x, per), "encode_threshold", "threshold");
  return run(args, x, CodeBook::ternary, per, pass, false);
}

GradientCodes encode_gradient(const Tensor& x, const GradientUse& use) {
  check_input(x, "encode_gradient");
  const int64_t rows = x.shape().rows(), columns = x.shape().last(), blocks = std::min(use.blocks, rows);
  LB_CHECK(use.blocks >= 1 || rows == 0, "encode_gradient", "{} rows need a block", rows);
  const auto pointer = [](const Tensor& values, int64_t count, const char* name) -> const float* {
    if (!values.defined()) return nullptr;
    LB_CHECK(values.dtype() == DType::f32 && values.numel() == count, "encode_gradient",
             "{} must be f32 [{}], not {} {}", name, count, to_string(values.dtype()), values.shape().str());
    return values.data<float>();
  };
  const auto floats = [&](const Shape& shape) { return Tensor::empty(shape, DType::f32, x.device()); };
  GradientCodes codes{{}, {}, floats({columns}), use.row_offset.defined() ? floats({columns}) : Tensor()};
  if (use.rows)
    codes.rows = {
        CodeBook::int8, Granularity::row, Tensor::empty(x.shape(), DType::i8, x.device()), floats({rows}), {}};
  Tensor by_column, scale;
  if (use.columns)
    by_column = Tensor::empty(Shape({rows * columns}), DType::i8, x.device()), scale = floats({blocks, columns});
  const int64_t most = blocks > 0 ? (rows + blocks - 1) / blocks : 0;
  const int64_t strips = (most + kGradientStrip - 1) / kGradientStrip;
  Tensor workspace = floats({3 * strips + 2, columns});
  EncodeGradientArgs a{};
  a.x = x.data<float>(), a.rows = rows, a.columns = columns;
  a.smallest_scale = kSmallestScale;
  a.column_factor = pointer(use.column_factor, columns, "column_factor");
  a.row_codes = use.rows ? codes.rows.codes.mutable_data<int8_t>() : nullptr;
  a.row_scale = use.rows ? codes.rows.scale.mutable_data<float>() : nullptr;
  a.blocks = blocks;
  a.row_factor = pointer(use.row_factor, rows, "row_factor");
  a.column_codes = use.columns ? by_column.mutable_data<int8_t>() : nullptr;
  a.column_scale = use.columns ? scale.mutable_data<float>() : nullptr;
  a.row_offset = pointer(use.row_offset, rows, "row_offset");
  a.sum = codes.sum.mutable_data<float>();
  a.offset_sum = use.row_offset.defined() ? codes.offset_sum.mutable_data<float>() : nullptr;
  a.workspace = workspace.mutable_raw();
  quantize_kernels(x.device()).encode_gradient(current_stream(x.device()), a);
  for (int64_t b = 0; use.columns && b < blocks; ++b) {
    const int64_t begin = block_begin(rows, blocks, b), end = block_begin(rows, blocks, b + 1);
    codes.columns.push_back({CodeBook::int8,
                             Granularity::row,
                             by_column.rows(begin * columns, end * columns).reshape({columns, end - begin}),
                             scale.rows(b, b + 1).reshape({columns}),
                             {}});
  }
  return codes;
}

Tensor apply_mask(const Tensor& g, const Tensor& mask) {
  if (!mask.defined()) return g;
  check_input(g, "apply_mask");
  LB_CHECK(mask.dtype() == DType::u8 && mask.numel() == (g.numel() + 7) / 8, "apply_mask",
           "{} elements need a mask of {} bytes, not {} of {}", g.numel(), (g.numel() + 7) / 8, mask.numel(),
           to_string(mask.dtype()));
  Tensor y = Tensor::empty(g.shape(), DType::f32, g.device());
  quantize_kernels(g.device())
      .apply_mask(current_stream(g.device()),
                  {g.data<float>(), mask.data<uint8_t>(), y.mutable_data<float>(), g.numel()});
  return y;
}

GridSums grid_sums(const Tensor& x, const Tensor& g, Granularity per, const Tensor& scale, const Tensor& offset,
                   float low, float high, bool closed) {
  check_input(x, "grid_sums");
  check_input(g, "grid_sums");
  LB_CHECK(x.shape() == g.shape(), "grid_sums", "gradient {} must have the shape of the input {}", g.shape().str(),
           x.shape().str());
  const Groups groups = groups_of(x, per);
  GridSums s{empty_groups(groups, x), empty_groups(groups, x), empty_groups(groups, x)};
  quantize_kernels(x.device())
      .grid_sums(current_stream(x.device()),
                 {x.data<float>(), g.data<float>(), per_group(scale, groups, "grid_sums", "scale"),
                  per_group(offset, groups, "grid_sums", "offset", true), groups,
                  closed ? low : std::nextafter(low, high), closed ? high : std::nextafter(high, low), kSmallestScale,
                  s.residual.mutable_data<float>(), s.below.mutable_data<float>(), s.above.mutable_data<float>()});
  return s;
}

Tensor sign_sum(const Tensor& x, const Tensor& g, Granularity per) {
  check_input(x, "sign_sum");
  check_input(g, "sign_sum");
  LB_CHECK(x.shape() == g.shape(), "sign_sum", "gradient {} must have the shape of the input {}", g.shape().str(),
           x.shape().str());
  const Groups groups = groups_of(x, per);
  Tensor sum = empty_groups(groups, x);
  quantize_kernels(x.device())
      .sign_sum(current_stream(x.device()), {x.data<float>(), g.data<float>(), groups, sum.mutable_data<float>()});
  return sum;
}

}  // namespace lowbit::ops
