#pragma once

#include <vector>

#include "core/ops/attention.h"
#include "nn/quant/slot.h"

namespace lowbit {

/// A growing sequence of states [B, length, D] for incremental decoding, kept as codes and scales when the state's slot
/// has a quantizer: what the slot gives for the same rows. Room grows by doubling, so that a step costs its own
/// rows.
class StateCache {
 public:
  /// x [B, T, D] follows what is there.
  void append(const Tensor& x, const QuantSlot& slot);
  const ops::CachedStates& states() const { return states_; }
  /// Batch row i becomes old row source[i].
  void reorder(const std::vector<int32_t>& source);

 private:
  ops::CachedStates states_;
};

}  // namespace lowbit
