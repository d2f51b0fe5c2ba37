#include "core/quant/packed.h"

#include "core/error.h"

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
  const Shape& shape = weight.shape();
  LB_CHECK(shape.rank() == 2 && shape[transposed ? 0 : 1] <= kMaxColumns, "pack_weight",
           "needs [out, in] with {} <= {}, not {}", transposed ? "out" : "in", kMaxColumns, shape.str());
  LB_CHECK(!weight.offset.defined(), "pack_weight", "weights with an offset are not supported");
  const int64_t scales = weight.per == Granularity::tensor ? 1 : shape[0];
  LB_CHECK(weight.scale.numel() == scales, "pack_weight", "needs {} scales, not {}", scales,
           weight.scale.shape().str());
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

}  // namespace lowbit
