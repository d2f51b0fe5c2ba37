#pragma once

#include <functional>

#include "nn/quant/slot.h"

namespace lowbit {

/// What a recipe may put before or after the product of a Linear, so that the layers of BitNet and SVCD need no class
/// of their own. Works on floats and keeps their type; may own parameters.
class Constraint {
 public:
  virtual ~Constraint() = default;
  virtual Variable forward(const Variable& x, const ForwardContext& context) = 0;
  virtual std::vector<Parameter*> parameters() { return {}; }
  virtual std::string describe() const = 0;
};

/// A slot for a constraint. Lines that it takes:
///   layer_norm eps=1e-5, rms_norm eps=1e-5       a norm of its own (BitNet: rms_norm, SVCD: layer_norm)
///   vector init=uniform|ones                     elementwise product with a learned vector; uniform: U(-b, b) with
///                                                b = 1/sqrt(fan_in), SVCD's constraint
///   svcd_output mode=per_token_int8|per_token_rescale|reference_rescale_TxB|public_bitlinear|none
///                                                what SVCD does to the output; per_token_int8 rounds and divides back
class ConstraintSlot final : public Slot {
 public:
  /// `width`: channels of the tensor at this place. `fan_in`: inputs of the weight. `seed`: of the vector.
  ConstraintSlot(int64_t width, int64_t fan_in, uint64_t seed) : width_(width), fan_in_(fan_in), seed_(seed) {}

  void assign(std::string_view spec) override;
  bool empty() const override { return constraint_ == nullptr; }
  std::string describe() const override { return constraint_ ? constraint_->describe() : "none"; }
  std::vector<Parameter*> parameters() const override;

  Variable operator()(const Variable& x, const ForwardContext& context) {
    return constraint_ ? constraint_->forward(x, context) : x;
  }

 private:
  int64_t width_, fan_in_;
  uint64_t seed_;
  std::unique_ptr<Constraint> constraint_;
};

}  // namespace lowbit
