#include "nn/quant/slot.h"

#include "autograd/functions/elementwise.h"
#include "autograd/grad_mode.h"
#include "nn/quant/registry.h"

namespace lowbit {

void QuantSlot::assign(std::string_view spec) { set(spec == "none" ? nullptr : make_quantizer(spec)); }

std::vector<Parameter*> QuantSlot::parameters() const {
  return quantizer_ ? quantizer_->parameters() : std::vector<Parameter*>{};
}

void QuantSlot::set_calibrated(bool on) {
  if (quantizer_) quantizer_->set_calibrated(on);
}

Variable QuantSlot::operator()(const Variable& x, const ForwardContext& context, SourceLine at) {
  if (!quantizer_) return x;
  if (x.dtype() != DType::f32) return cast((*this)(cast(x, DType::f32, at), context, at), x.dtype(), at);
  const Encoded encoded = encode(x.value(), context);
  return quantizer_->straight_through(x, encoded, dequantize(encoded.q), at);
}

Tensor EncodedInput::values(DType dtype) const {
  if (!values_.defined() || values_.dtype() != dtype) values_ = dequantize(encoded_.q, dtype);
  return values_;
}

const PackedInput& EncodedInput::packed() const {
  if (!packed_) packed_ = pack_input(encoded_.q);
  return *packed_;
}

std::shared_ptr<const EncodedInput> QuantSlot::encode_shared(const Variable& x, const ForwardContext& context) {
  const auto make = [&] { return EncodedInput(encode(x.value().to(DType::f32), context)); };
  if (!parameters().empty() || !x.requires_grad()) return std::make_shared<const EncodedInput>(make());
  return x.derived<EncodedInput>(get()->describe() + (grad_enabled() ? "" : " without mask"), make);
}

Encoded QuantSlot::encode(const Tensor& x, const ForwardContext& context) {
  LB_CHECK(quantizer_, "slot", "an empty slot has no codes");
  if (context.training && !quantizer_->calibrated()) quantizer_->calibrate(x);
  return quantizer_->encode(x);
}

}  // namespace lowbit
