#include "core/quant/packing.h"

#include "core/error.h"
#include "core/kernels/pack.h"

namespace lowbit {
namespace {

PackedField field_of(CodeBook book) {
  const CodeRange range = range_of(book);
  const int32_t low = range.low - zero_of(book), high = range.high - zero_of(book);
  switch (book) {
    case CodeBook::binary:
      return {2, -2, 1, 0, low, high};
    case CodeBook::ternary:
    case CodeBook::trit:
      return {3, 1, low, 0, low, high};
    case CodeBook::int4:
      return {16, 1, -8, 8, low, high};
    case CodeBook::int8:
      return {256, 1, -128, 128, low, high};
    default:
      return {1 << range.bits, 1, low, 0, low, high};
  }
}

/// Into `codes`, unless null.
void unpack(const Tensor& packed, CodeBook book, const Shape& shape, int8_t* codes) {
  LB_REQUIRE(packed.shape() == shape.with_last(packed_row_bytes(book, shape.last())), ErrorKind::model, "unpack_codes",
             "{} bytes do not hold {} codes of {}", packed.shape().str(), shape.str(), to_string(book));
  const bool valid = pack_kernels(packed.device())
                         .unpack(current_stream(packed.device()),
                                 {packed.data<uint8_t>(), codes, shape.rows(), shape.last(), field_of(book)});
  LB_REQUIRE(valid, ErrorKind::model, "unpack_codes", "a field is not a code of {}: the data is corrupt",
             to_string(book));
}

}  // namespace

int64_t packed_row_bytes(CodeBook book, int64_t columns) {
  const int64_t per_byte = fields_per_byte(field_of(book).radix);
  return (columns + per_byte - 1) / per_byte;
}

Tensor pack_codes(const Tensor& codes, CodeBook book) {
  const Shape& shape = codes.shape();
  Tensor packed = Tensor::empty(shape.with_last(packed_row_bytes(book, shape.last())), DType::u8, codes.device());
  const bool valid = pack_kernels(codes.device())
                         .pack(current_stream(codes.device()), {codes.data<int8_t>(), packed.mutable_data<uint8_t>(),
                                                                shape.rows(), shape.last(), field_of(book)});
  LB_CHECK(valid, "pack_codes", "a code is not in {}", to_string(book));
  return packed;
}

Tensor unpack_codes(const Tensor& packed, CodeBook book, const Shape& shape) {
  Tensor codes = Tensor::empty(shape, DType::i8, packed.device());
  unpack(packed, book, shape, codes.mutable_data<int8_t>());
  return codes;
}

void check_codes(const Tensor& packed, CodeBook book, const Shape& shape) { unpack(packed, book, shape, nullptr); }

}  // namespace lowbit
