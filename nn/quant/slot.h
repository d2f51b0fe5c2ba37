#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/quant/packed.h"
#include "nn/module.h"
#include "nn/quant/quantizer.h"

namespace lowbit {

/// A named place of a model that a recipe may fill. Empty means identity. The path of a slot and the names of its
/// parameters give paths such as "decoder.layers.0.fc1.input.alpha".
class Slot {
 public:
  Slot() = default;
  virtual ~Slot() = default;
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  /// Fills the slot from a recipe line, "tbt_weight bits=2"; "none" empties it. Errors: ErrorKind::usage.
  virtual void assign(std::string_view spec) = 0;
  virtual bool empty() const = 0;
  /// The line that would fill it the same way; "none" when empty.
  virtual std::string describe() const = 0;
  virtual std::vector<Parameter*> parameters() const = 0;
  /// Whether every learned scale has seen a batch. Checkpoints keep it: a learned scale may legitimately be 1.
  virtual bool calibrated() const { return true; }
  virtual void set_calibrated(bool) {}
};

/// An input as its quantizer left it, for the layers that read it.
class EncodedInput {
 public:
  explicit EncodedInput(Encoded encoded) : encoded_(std::move(encoded)) {}

  const Encoded& encoded() const { return encoded_; }
  /// In f32, f16 or bf16, made by the first layer that asks in backward and kept for the others.
  Tensor values(DType dtype) const;
  /// For sums over its rows, made and kept in the same way.
  const PackedInput& packed() const;

 private:
  Encoded encoded_;
  mutable Tensor values_;
  mutable std::optional<PackedInput> packed_;
};

/// A slot for a quantizer.
class QuantSlot : public Slot {
 public:
  void assign(std::string_view spec) override;
  bool empty() const override { return quantizer_ == nullptr; }
  std::string describe() const override { return quantizer_ ? quantizer_->describe() : "none"; }
  std::vector<Parameter*> parameters() const override;
  bool calibrated() const override { return !quantizer_ || quantizer_->calibrated(); }
  void set_calibrated(bool on) override;

  virtual void set(std::unique_ptr<Quantizer> quantizer) { quantizer_ = std::move(quantizer); }
  Quantizer* get() const { return quantizer_.get(); }

  /// Values on the grid; x itself when empty. The first training batch calibrates learned scales.
  Variable operator()(const Variable& x, const ForwardContext& context, SourceLine at = SourceLine::here());
  /// Codes of x; not for an empty slot.
  Encoded encode(const Tensor& x, const ForwardContext& context);
  /// The same for an input that other slots may read: those that would make the same codes of it share them.
  std::shared_ptr<const EncodedInput> encode_shared(const Variable& x, const ForwardContext& context);

 private:
  std::unique_ptr<Quantizer> quantizer_;
};

}  // namespace lowbit
