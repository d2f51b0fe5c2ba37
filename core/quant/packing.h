#pragma once

#include "core/quant/qtensor.h"

/// Codes on disk, the same on every device. Each code becomes a field of its book; fields fill bytes from the low end
/// up, and every row of the last axis starts at a byte, its last byte padded with zero fields.
///   binary        1 bit, 1 for -1             bit, uint4, uint8   1, 4, 8 bits, the level
///   ternary       digit of base 3, code + 1   trit                digit of base 3, the level
///   int4, int8    4, 8 bits, two's complement
/// Five digits of base 3 make a byte, the first with weight 1, the last with weight 81.
namespace lowbit {

/// Bytes of a packed row of `columns` codes.
int64_t packed_row_bytes(CodeBook book, int64_t columns);

/// i8 [..., N] -> u8 [..., packed_row_bytes(book, N)].      Error: a code that is not in the book.
Tensor pack_codes(const Tensor& codes, CodeBook book);
/// u8 [..., bytes] -> i8 codes of `shape`, which has the same leading axes. ErrorKind::model: a size that does not fit,
/// or a field that the book does not have.
Tensor unpack_codes(const Tensor& packed, CodeBook book, const Shape& shape);
/// Only the errors of unpack_codes().
void check_codes(const Tensor& packed, CodeBook book, const Shape& shape);

}  // namespace lowbit
