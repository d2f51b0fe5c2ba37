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

PackedWeight pack_weight(const QTensor& weight) {
  const Shape& shape = weight.shape();
  LB_CHECK(shape.rank() == 2 && shape[1] <= kMaxColumns, "pack_weight", "needs [out, in] with in <= {}, not {}",
           kMaxColumns, shape.str());
  LB_CHECK(!weight.offset.defined(), "pack_weight", "weights with an offset are not supported");
  const int64_t scales = weight.per == Granularity::tensor ? 1 : shape[0];
  LB_CHECK(weight.scale.numel() == scales, "pack_weight", "needs {} scales, not {}", scales,
           weight.scale.shape().str());
  const WeightLayout layout = layout_of(weight.book);
  const Device device = weight.codes.device();
  PackedWeight packed{weight.book,
                      shape[0],
                      shape[1],
                      Tensor::empty(Shape({layout.bytes(shape[0], shape[1])}), DType::u8, device),
                      Tensor::empty(Shape({shape[0]}), DType::i32, device),
                      weight.scale};
  qgemm_kernels(device).pack_panels(current_stream(device),
                                    {weight.codes.data<int8_t>(), shape[0], shape[1], layout,
                                     packed.panels.mutable_data<uint8_t>(), packed.sums.mutable_data<int32_t>()});
  return packed;
}

}  // namespace lowbit
