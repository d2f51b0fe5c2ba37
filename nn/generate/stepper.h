#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor.h"

namespace lowbit {

/// An autoregressive model seen from the search: one step for every row, and a way to move rows' state.
/// A row is one partial hypothesis. The state (KV caches, encoder outputs) stays inside.
class Stepper {
 public:
  virtual ~Stepper() = default;
  /// Logits [rows, V] f32 of the next token of each row, given the last token of each row.
  virtual Tensor step(const std::vector<int32_t>& tokens) = 0;
  /// Row i continues from old row source[i]: beams reordered, duplicated or dropped; source.size() may differ.
  virtual void reorder(const std::vector<int32_t>& source) = 0;
};

}  // namespace lowbit
