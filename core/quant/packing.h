#pragma once

#include "core/quant/qtensor.h"

/// Codes on disk, the same on every device. Each code becomes a field of the width of its book; fields fill bytes from
/// the low bits up, and every row of the last axis starts at a byte, its last byte padded with zero bits.
///   binary        1 bit, 1 for -1        bit, trit, uint4, uint8   1, 2, 4, 8 bits, the level
///   ternary       2 bits, code + 1       int4, int8                4, 8 bits, two's complement
namespace lowbit {

/// Bytes of a packed row of `columns` codes.
int64_t packed_row_bytes(CodeBook book, int64_t columns);

/// i8 [..., N] -> u8 [..., packed_row_bytes(book, N)].      Error: a code that is not in the book.
Tensor pack_codes(const Tensor& codes, CodeBook book);
/// u8 [..., bytes] -> i8 codes of `shape`, which has the same leading axes. ErrorKind::model: a size that does not fit,
/// or a field that the book does not have.
Tensor unpack_codes(const Tensor& packed, CodeBook book, const Shape& shape);

}  // namespace lowbit
