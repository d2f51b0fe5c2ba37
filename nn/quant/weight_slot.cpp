#include "nn/quant/weight_slot.h"

#include "autograd/grad_mode.h"

namespace lowbit {

const PackedWeight& EncodedWeight::packed() const {
  if (!packed_) packed_ = pack_weight(encoded_.q);
  return *packed_;
}

const Tensor& EncodedWeight::values() const {
  if (!values_.defined()) values_ = dequantize(encoded_.q);
  return values_;
}

std::string WeightSlot::describe() const {
  if (!frozen_ || !QuantSlot::empty()) return QuantSlot::describe();
  return fmt::format("codes book={}", to_string(codes().book));
}

std::vector<Parameter*> WeightSlot::parameters() const {
  return frozen_ ? std::vector<Parameter*>{} : QuantSlot::parameters();
}

void WeightSlot::set(std::unique_ptr<Quantizer> quantizer) {
  LB_CHECK(!frozen_ || quantizer, "slot", "a frozen weight has no float master to go back to");
  QuantSlot::set(std::move(quantizer));
  if (!frozen_) encoded_ = nullptr;
}

std::shared_ptr<const EncodedWeight> WeightSlot::encoded(const Tensor& weight, const ForwardContext& context) {
  if (frozen_) return encoded_;
  const bool known = encoded_ && weight.raw() == source_.raw() && weight.version() == version_;
  // A learned scale moves without the weight, and an encoding made off the tape has no mask for it.
  const bool moves = !parameters().empty();
  if (!known || moves || (grad_enabled() && !has_mask_)) {
    encoded_ = std::make_shared<const EncodedWeight>(encode(weight, context));
    source_ = weight;
    version_ = weight.version();
    has_mask_ = grad_enabled();
  }
  return encoded_;
}

Variable WeightSlot::operator()(const Variable& weight, const ForwardContext& context, SourceLine at) {
  if (empty()) return weight;
  const auto codes = encoded(weight.defined() ? weight.value() : Tensor(), context);
  if (frozen_) return Variable(codes->values());
  return get()->straight_through(weight, codes->encoded(), codes->values(), at);
}

Variable WeightSlot::of_rows(const Variable& rows, const ForwardContext& context, SourceLine at) {
  LB_CHECK(!frozen_ && encodes_rows_alone(), "slot", "{} cannot encode rows alone", describe());
  return QuantSlot::operator()(rows, context, at);
}

void WeightSlot::freeze(const Tensor& weight) {
  LB_CHECK(!empty() && calibrated(), "slot", "{} cannot be frozen before a training batch has calibrated it",
           describe());
  const GradMode off(false);
  QTensor codes = get()->encode(weight).q;
  freeze(std::move(codes));
}

void WeightSlot::freeze(QTensor codes) {
  encoded_ = std::make_shared<const EncodedWeight>(Encoded{std::move(codes), {}, {}, {}});
  source_ = {};
  frozen_ = true;
}

const QTensor& WeightSlot::codes() const {
  LB_CHECK(frozen_, "slot", "only a frozen slot holds codes of its own");
  return encoded_->codes();
}

}  // namespace lowbit
