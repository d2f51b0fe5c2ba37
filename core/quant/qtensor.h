#pragma once

#include <cstdint>
#include <string_view>

#include "core/tensor.h"

namespace lowbit {

/// The integers that a quantized tensor may hold. Stored codes are always i8; level = code + zero_of(book).
///   binary   {-1, +1}                 1 bit     weights, signed states
///   bit      {0, 1}                   1 bit     non-negative activations (attention probabilities, ReLU)
///   ternary  {-1, 0, +1}              2 bits
///   trit     {0, 1, 2}                2 bits    non-negative activations
///   int4     [-8, 7]                  4 bits
///   uint4    [0, 15]                  4 bits
///   int8     [-128, 127]              8 bits
///   uint8    [0, 255], code -128..127 8 bits
enum class CodeBook : uint8_t { binary, bit, ternary, trit, int4, uint4, int8, uint8 };

struct CodeRange {
  int32_t low, high;  ///< levels
  int bits;           ///< that hold a level
};
CodeRange range_of(CodeBook book);
inline int32_t zero_of(CodeBook book) { return book == CodeBook::uint8 ? 128 : 0; }
std::string_view to_string(CodeBook book);
/// Inverse of to_string. Error (model) for any other name.
CodeBook code_book_from_name(std::string_view name);

/// How many elements share a scale: the whole tensor, or one row of the last axis (an output unit of a weight, a token
/// of an activation).
enum class Granularity : uint8_t { tensor, row };

/// Canonical quantized tensor, the same on every device and on disk:
///   value[r, c] = scale[g] * (code[r, c] + zero_of(book)) + offset[g],  g = r, or 0 with Granularity::tensor
/// evaluated in f32 as written, without fused multiply-add.
struct QTensor {
  CodeBook book = CodeBook::int8;
  Granularity per = Granularity::row;
  Tensor codes;   ///< i8, the shape of the tensor
  Tensor scale;   ///< f32 [rows] or [1]
  Tensor offset;  ///< f32 [rows] or [1]; undefined means 0

  const Shape& shape() const { return codes.shape(); }
};

/// The values, in f32 or rounded to f16 or bf16.
Tensor dequantize(const QTensor& q, DType dtype = DType::f32);

}  // namespace lowbit
