#pragma once

#include <vector>

#include "core/kernels/qgemm.h"
#include "core/quant/qtensor.h"

namespace lowbit {

/// A weight [out, in] as the integer GEMM reads it: fields of the width of its code book (binary 1 bit, ternary 2, int4
/// 4, int8 8) in the panels described in core/kernels/qgemm.h, with the sums of its rows.
struct PackedWeight {
  CodeBook book = CodeBook::int8;
  int64_t out = 0, in = 0;
  Tensor panels;  ///< u8
  Tensor sums;    ///< i32 [out], of the codes
  Tensor scale;   ///< f32 [out] or [1]

  /// Resident size.
  size_t bytes() const { return panels.bytes() + sums.bytes() + scale.bytes(); }
};

/// Error unless the book is binary, ternary, int4 or int8.
WeightLayout layout_of(CodeBook book);

/// What the integer GEMM may assume of an input in that book.
InputCodes input_codes_of(CodeBook book);

/// Error: rank other than 2, more than 65536 columns, a book that is not signed, or an offset.
PackedWeight pack_weight(const QTensor& weight);
/// The transpose, [in, out]. Of scales by row, which would be scales of columns here, it knows nothing (its scale is
/// 1): they belong to the other factor of a product. The same errors.
PackedWeight pack_transposed(const QTensor& weight);

/// A quantized input [rows, in] for sums over its rows, the gradient of a weight: panels of its levels with the rows as
/// inner extent, in blocks of rows.
struct PackedInput {
  struct Block {
    int64_t first, rows;
    Tensor panels;  ///< u8
  };
  int64_t rows = 0, in = 0;
  WeightLayout layout;
  std::vector<Block> blocks;
  Tensor ones;           ///< i32 [in], given as sums of codes, so that the epilogue adds an offset to every column
  Tensor scale, offset;  ///< f32 [rows] or [1]; offset may be undefined
};
/// Error: a shape without columns.
PackedInput pack_input(const QTensor& x);

}  // namespace lowbit
