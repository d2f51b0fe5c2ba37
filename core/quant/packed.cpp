#include "core/quant/packed.h"

#include <algorithm>

#include "core/error.h"
#include "core/kernels/quantize.h"

namespace lowbit {

WeightLayout layout_of(CodeBook book) {
  switch (book) {
    case CodeBook::binary:
      return {1, 1, 1};
    case CodeBook::ternary:
      return {2, 0, 1};
    case CodeBook::int4:
      return {4, 0, 8};
    case CodeBook::int8:
      return {8, 0, 128};
    default:
      fail(ErrorKind::internal, "pack_weight", "weights need a signed code book, not {}", to_string(book));
  }
}

InputCodes input_codes_of(CodeBook book) {
  const CodeRange range = range_of(book);
  return {range.bits, book == CodeBook::binary, zero_of(book) - range.low};
}

namespace {

PackedWeight pack(const QTensor& weight, bool transposed) {
  const char* where = transposed ? "pack_transposed" : "pack_weight";
  const Shape& shape = weight.shape();
  LB_CHECK(shape.rank() == 2 && shape[transposed ? 0 : 1] <= kMaxColumns, where,
           "needs [out, in] with {} <= {}, not {}", transposed ? "out" : "in", kMaxColumns, shape.str());
  LB_CHECK(!weight.offset.defined(), where, "weights with an offset are not supported");
  const int64_t scales = weight.per == Granularity::tensor ? 1 : shape[0];
  LB_CHECK(weight.scale.numel() == scales, where, "needs {} scales, not {}", scales, weight.scale.shape().str());
  const WeightLayout layout = layout_of(weight.book);
  const Device device = weight.codes.device();
  const int64_t out = shape[transposed ? 1 : 0], in = shape[transposed ? 0 : 1];
  PackedWeight packed{weight.book,
                      out,
                      in,
                      Tensor::empty(Shape({layout.bytes(out, in)}), DType::u8, device),
                      Tensor::empty(Shape({out}), DType::i32, device),
                      transposed && weight.per == Granularity::row ? Tensor::scalar(1) : weight.scale};
  qgemm_kernels(device).pack_panels(current_stream(device),
                                    {weight.codes.data<int8_t>(), transposed, out, in, layout,
                                     packed.panels.mutable_data<uint8_t>(), packed.sums.mutable_data<int32_t>()});
  return packed;
}

}  // namespace

PackedWeight pack_weight(const QTensor& weight) { return pack(weight, false); }
PackedWeight pack_transposed(const QTensor& weight) { return pack(weight, true); }

namespace {

/// Most rows that share the scales of the other factor; rows are spread evenly over as many blocks as that takes. One
/// line of codes less than a power of two: a full block's rows of that factor fall in different sets of the caches.
constexpr int64_t kInputBlock = 1024 - 64;

/// For codes that are levels already, fields are the levels: 2-bit ones end at 2 as those of ternary weights do.
WeightLayout input_layout(CodeBook book) {
  switch (book) {
    case CodeBook::binary:
    case CodeBook::ternary:
    case CodeBook::int4:
      return layout_of(book);
    case CodeBook::bit:
    case CodeBook::trit:
      return {2, 0, 0};
    case CodeBook::uint4:
      return {4, 0, 0};
    case CodeBook::int8:
    case CodeBook::uint8:
      break;
  }
  return layout_of(CodeBook::int8);
}

}  // namespace

PackedInput pack_input(const QTensor& x) {
  LB_CHECK(x.shape().rank() >= 1, "pack_input", "{} has no columns", x.shape().str());
  const int64_t rows = x.shape().rows(), in = x.shape().last();
  const Device device = x.codes.device();
  const WeightLayout layout = input_layout(x.book);
  PackedInput packed{rows, in, layout, {}, Tensor::empty(Shape({in}), DType::i32, device), x.scale, x.offset};
  packed.layout.bias -= zero_of(x.book);
  const int64_t count = (rows + kInputBlock - 1) / kInputBlock;
  for (int64_t b = 0; b < count; ++b) {
    const int64_t first = block_begin(rows, count, b), size = block_begin(rows, count, b + 1) - first;
    Tensor panels = Tensor::empty(Shape({layout.bytes(in, size)}), DType::u8, device);
    qgemm_kernels(device).pack_panels(current_stream(device), {x.codes.data<int8_t>() + first * in, true, in, size,
                                                               layout, panels.mutable_data<uint8_t>(), nullptr});
    packed.blocks.push_back({first, size, std::move(panels)});
  }
  std::fill_n(packed.ones.mutable_data<int32_t>(), in, 1);
  return packed;
}

}  // namespace lowbit
