#pragma once

#include <vector>

#include "core/quant/qtensor.h"
#include "nn/quant/slot.h"

namespace lowbit {

/// A growing sequence of states [B, length, D] for incremental decoding, kept as codes and scales when the state's slot
/// has a quantizer: values() then gives exactly what the slot gives in training.
class StateCache {
 public:
  /// x [B, T, D] follows what is there.
  void append(const Tensor& x, const QuantSlot& slot);
  /// f32 [B, length, D].
  Tensor values() const;
  /// Batch row i becomes old row source[i].
  void reorder(const std::vector<int32_t>& source);

 private:
  Tensor floats_;  // without a quantizer
  QTensor codes_;  // with one; row scales are kept as [B, length]
};

}  // namespace lowbit
