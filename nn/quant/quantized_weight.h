#pragma once

#include "nn/quant/weight_slot.h"

namespace lowbit {

/// A weight matrix [rows, columns] and its slot: a float master in training, codes once frozen.
class QuantizedWeight {
 public:
  QuantizedWeight(std::string name, Tensor initial);
  /// Shares the master of `owner`, with a slot of its own. The master stays the owner's parameter; when the owner is
  /// frozen and this weight is still in float, it becomes this one's. The owner must outlive the tie.
  QuantizedWeight(std::string name, QuantizedWeight& owner);
  QuantizedWeight(const QuantizedWeight&) = delete;
  QuantizedWeight& operator=(const QuantizedWeight&) = delete;

  /// Without a value while another weight owns the master, and once frozen.
  Parameter& parameter() { return parameter_; }
  WeightSlot& slot() { return slot_; }
  const Shape& shape() const { return shape_; }
  /// The master; undefined once frozen.
  const Variable& master() const { return owner_ ? owner_->parameter_.value : parameter_.value; }
  /// The codes, frozen or as the slot would make them now; not for an empty slot.
  QTensor codes() const;

  /// Replaces the master by codes; does nothing when the slot is empty or frozen.
  void freeze();
  /// The same with codes from a file. ErrorKind::model: another shape.
  void freeze(StoredCodes codes);

 private:
  void drop_master();

  Shape shape_;
  Parameter parameter_;
  WeightSlot slot_;
  QuantizedWeight* owner_ = nullptr;  // of the master, while it is not this
  QuantizedWeight* heir_ = nullptr;   // whose owner_ is this
};

}  // namespace lowbit
