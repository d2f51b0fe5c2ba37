#pragma once

#include <variant>
#include <vector>

#include "core/quant/qtensor.h"
#include "nn/quant/slot.h"

namespace lowbit {

/// A growing sequence of states [B, length, D] for incremental decoding, kept as codes and scales when the state's slot
/// has a quantizer: what the slot gives in training, exactly.
class StateCache {
 public:
  /// x [B, T, D] follows what is there.
  void append(const Tensor& x, const QuantSlot& slot);
  /// [B, length, D], numbers or codes.
  const std::variant<Variable, QTensor>& states() const { return states_; }
  /// Batch row i becomes old row source[i].
  void reorder(const std::vector<int32_t>& source);

 private:
  std::variant<Variable, QTensor> states_;  // row scales are kept as [B, length]
};

}  // namespace lowbit
