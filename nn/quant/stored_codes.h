#pragma once

#include "core/quant/qtensor.h"

namespace lowbit {

/// A weight's codes as files hold them: packed rows (core/quant/packing.h) and scales.
struct StoredCodes {
  CodeBook book;
  Granularity per;
  Shape shape;    ///< [rows, columns]
  Tensor packed;  ///< u8
  Tensor scale;   ///< f32 [rows] or [1]

  QTensor unpack() const;
  bool operator==(const StoredCodes& other) const;  ///< bit by bit
};

/// Error: not a matrix, or with an offset.
StoredCodes store_codes(const QTensor& weight);

}  // namespace lowbit
