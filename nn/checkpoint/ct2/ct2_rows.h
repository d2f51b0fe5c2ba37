#pragma once

#include <span>

#include "core/quant/qtensor.h"

namespace lowbit {

/// A quantized matrix as CTranslate2 holds it: value = code / scale of the row.
struct Ct2Rows {
  Tensor codes;           ///< i8 [rows, columns]
  Tensor scale;           ///< f32 [rows]
  int64_t inexact = 0;    ///< rows with a value that is not ours to the last bit
  double difference = 0;  ///< the largest of those, relative
};

/// Codes of ternary and binary rows become -k, 0 and k, with k (1 where possible) and a scale such that k / scale and
/// k * (1 / scale), both in f32, are the row's own scale. Other codes stay as they are, and their scale is the float
/// nearest to 1 / scale, which gives their values to within two units in the last place.
Ct2Rows ct2_rows(const QTensor& weight);

/// Error (self_check) naming `what` unless rows from a file have the values of `weight`, to within 2^-22 relatively.
void verify_rows(const QTensor& weight, std::span<const int8_t> codes, std::span<const float> scale,
                 const std::string& what);

}  // namespace lowbit
