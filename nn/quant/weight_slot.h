#pragma once

#include <optional>

#include "core/quant/packed.h"
#include "nn/quant/slot.h"
#include "nn/quant/stored_codes.h"

namespace lowbit {

/// A weight as its quantizer left it, and the forms derived from its codes, each made when first asked for. Immutable:
/// the tape may hold it while the weight moves on.
class EncodedWeight {
 public:
  explicit EncodedWeight(Encoded encoded) : encoded_(std::move(encoded)) {}
  explicit EncodedWeight(StoredCodes stored) : stored_(std::move(stored)) {}

  QTensor codes() const { return stored_ ? stored_->unpack() : encoded_.q; }
  const PackedWeight& packed() const;      ///< what the integer GEMM reads
  const PackedWeight& transposed() const;  ///< the same for products with the transpose; kept as the other is
  Tensor row_scale() const;                ///< undefined where one scale holds for the whole weight
  /// In f32, f16 or bf16, for backward and for float inputs. Stored codes, which live long, keep those of the latest
  /// type; a training step, which asks once for each weight, would have all weights in memory once more.
  Tensor values(DType dtype = DType::f32) const;
  /// What the quantizer's backward needs; empty for stored codes.
  const Encoded& encoded() const { return encoded_; }
  const StoredCodes& stored() const { return *stored_; }

 private:
  Encoded encoded_;
  std::optional<StoredCodes> stored_;
  mutable std::optional<PackedWeight> packed_, transposed_;
  mutable Tensor values_;
};

/// The slot of a weight [rows, columns]. Encodes once per version of the tensor, so once per update and never again in
/// evaluation, unless the quantizer has learned scales. Frozen, it holds the codes and needs no tensor.
class WeightSlot final : public QuantSlot {
 public:
  bool empty() const override { return !frozen_ && QuantSlot::empty(); }
  std::string describe() const override;
  /// A frozen slot has none left to train.
  std::vector<Parameter*> parameters() const override;
  bool calibrated() const override { return frozen_ || QuantSlot::calibrated(); }
  void set(std::unique_ptr<Quantizer> quantizer) override;

  /// Codes of `weight`, which a frozen slot ignores.
  std::shared_ptr<const EncodedWeight> encoded(const Variable& weight, const ForwardContext& context);
  /// Values on the grid with the straight-through gradient; `weight` itself when empty.
  Variable operator()(const Variable& weight, const ForwardContext& context, SourceLine at = SourceLine::here());
  /// The same for rows gathered from the weight, when they may be encoded alone: by row, or empty. Not for a frozen
  /// slot.
  Variable of_rows(const Variable& rows, const ForwardContext& context, SourceLine at = SourceLine::here());
  bool encodes_rows_alone() const { return QuantSlot::empty() || get()->granularity() == Granularity::row; }
  /// Values of some rows of a frozen weight.      ids i32 [...]    returns f32 [..., columns]
  Tensor look_up(const Tensor& ids) const;

  /// From now on these are the codes.
  void freeze(StoredCodes codes);
  bool frozen() const { return frozen_; }
  /// Of a frozen slot.
  QTensor codes() const { return stored().unpack(); }
  const StoredCodes& stored() const;

 private:
  std::shared_ptr<const EncodedWeight> encoded_;
  Tensor source_;          // what encoded_ was made from; keeps its storage from being reused
  uint32_t version_ = 0;   // of source_ at that time
  bool has_mask_ = false;  // encoded_ was made for a tape
  bool frozen_ = false;
};

}  // namespace lowbit
