#include "nn/quant/weight_slot.h"

#include <cstring>

#include "autograd/grad_mode.h"
#include "core/quant/packing.h"

namespace lowbit {
namespace {

Shape with_columns(const Shape& ids, int64_t columns) {
  std::vector<int64_t> extents;
  extents.reserve(static_cast<size_t>(ids.rank()) + 1);
  for (int axis = 0; axis < ids.rank(); ++axis) extents.push_back(ids[axis]);
  extents.push_back(columns);
  return Shape(std::span<const int64_t>(extents));
}

}  // namespace

const PackedWeight& EncodedWeight::packed() const {
  if (!packed_) packed_ = pack_weight(codes());
  return *packed_;
}

const PackedWeight& EncodedWeight::transposed() const {
  if (!transposed_) transposed_ = pack_transposed(codes());
  return *transposed_;
}

Tensor EncodedWeight::row_scale() const {
  const Granularity per = stored_ ? stored_->per : encoded_.q.per;
  return per == Granularity::tensor ? Tensor() : stored_ ? stored_->scale : encoded_.q.scale;
}

Tensor EncodedWeight::values(DType dtype) const {
  if (!stored_) return dequantize(encoded_.q, dtype);
  if (!values_.defined() || values_.dtype() != dtype) values_ = dequantize(codes(), dtype);
  return values_;
}

std::string WeightSlot::describe() const {
  if (!frozen_ || !QuantSlot::empty()) return QuantSlot::describe();
  return fmt::format("codes book={}", to_string(stored().book));
}

std::vector<Parameter*> WeightSlot::parameters() const {
  return frozen_ ? std::vector<Parameter*>{} : QuantSlot::parameters();
}

void WeightSlot::set(std::unique_ptr<Quantizer> quantizer) {
  LB_CHECK(!frozen_ || quantizer, "slot", "a frozen weight has no float master to go back to");
  QuantSlot::set(std::move(quantizer));
  if (!frozen_) encoded_ = nullptr;
}

std::shared_ptr<const EncodedWeight> WeightSlot::encoded(const Variable& weight, const ForwardContext& context) {
  if (frozen_) return encoded_;
  const Tensor& master = weight.value();
  const bool known = encoded_ && master.raw() == source_.raw() && master.version() == version_;
  // A learned scale moves without the weight, and an encoding made off the tape has no mask for it.
  const bool scale_moves = !parameters().empty();
  const bool wants_mask =
      grad_enabled() || context.training;  // training may look first and record later (recomputation)
  if (!known || scale_moves || (wants_mask && !has_mask_)) {
    const GradMode mask(wants_mask);
    encoded_ = std::make_shared<const EncodedWeight>(encode(master.to(DType::f32), context));
    source_ = master;
    version_ = master.version();
    has_mask_ = wants_mask;
  }
  return encoded_;
}

Variable WeightSlot::operator()(const Variable& weight, const ForwardContext& context, SourceLine at) {
  if (empty()) return weight;
  const auto codes = encoded(weight, context);
  if (frozen_) return Variable(codes->values());
  return get()->straight_through(weight, codes->encoded(), codes->values(), at);
}

Variable WeightSlot::of_rows(const Variable& rows, const ForwardContext& context, SourceLine at) {
  LB_CHECK(!frozen_ && encodes_rows_alone(), "slot", "{} cannot encode rows alone", describe());
  return QuantSlot::operator()(rows, context, at);
}

Tensor WeightSlot::look_up(const Tensor& ids) const {
  const StoredCodes& table = stored();
  const int64_t rows = table.shape[0], columns = table.shape[1], count = ids.numel();
  const int64_t row_bytes = table.packed.shape().last();
  const bool by_row = table.per == Granularity::row;
  Tensor packed = Tensor::empty(with_columns(ids.shape(), row_bytes), DType::u8);
  Tensor scale = by_row ? Tensor::empty({count}) : table.scale;
  const int32_t* id = ids.data<int32_t>();
  const uint8_t* from = table.packed.data<uint8_t>();
  uint8_t* to = packed.mutable_data<uint8_t>();
  float* scales = by_row ? scale.mutable_data<float>() : nullptr;
  for (int64_t i = 0; i < count; ++i) {
    LB_REQUIRE(id[i] >= 0 && id[i] < rows, ErrorKind::data, "look-up",
               "id {} at position {} outside a table of {} rows", id[i], i, rows);
    std::memcpy(to + i * row_bytes, from + id[i] * row_bytes, static_cast<size_t>(row_bytes));
    if (by_row) scales[i] = table.scale.data<float>()[id[i]];
  }
  return dequantize(
      {table.book, table.per, unpack_codes(packed, table.book, with_columns(ids.shape(), columns)), scale, {}});
}

void WeightSlot::freeze(StoredCodes codes) {
  encoded_ = std::make_shared<const EncodedWeight>(std::move(codes));
  source_ = {};
  frozen_ = true;
}

const StoredCodes& WeightSlot::stored() const {
  LB_CHECK(frozen_, "slot", "only a frozen slot holds codes of its own");
  return encoded_->stored();
}

}  // namespace lowbit
