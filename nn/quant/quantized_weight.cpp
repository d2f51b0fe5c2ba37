#include "nn/quant/quantized_weight.h"

#include "autograd/grad_mode.h"

namespace lowbit {

QuantizedWeight::QuantizedWeight(std::string name, Tensor initial)
    : shape_(initial.shape()), parameter_{std::move(name), Variable(std::move(initial), true), ParameterKind::weight} {}

QuantizedWeight::QuantizedWeight(std::string name, QuantizedWeight& owner)
    : shape_(owner.shape_), parameter_{std::move(name), {}, ParameterKind::weight}, owner_(&owner) {
  LB_CHECK(!owner.heir_ && owner.parameter_.value.defined(), "quantized weight", "{} is tied or frozen already",
           owner.parameter_.name);
  owner.heir_ = this;
}

QTensor QuantizedWeight::codes() const {
  if (slot_.frozen()) return slot_.codes();
  LB_CHECK(!slot_.empty(), "quantized weight", "{} has an empty slot and so no codes", parameter_.name);
  const GradMode off(false);
  return slot_.get()->encode(master().value().to(DType::f32)).q;
}

void QuantizedWeight::freeze() {
  if (slot_.empty() || slot_.frozen()) return;
  LB_REQUIRE(slot_.calibrated(), ErrorKind::model, "quantized weight",
             "{} cannot be frozen before a training batch has calibrated it", slot_.describe());
  slot_.freeze(store_codes(codes()));
  drop_master();
}

void QuantizedWeight::freeze(StoredCodes codes) {
  LB_REQUIRE(codes.shape == shape_, ErrorKind::model, "quantized weight", "codes {} for a weight {}", codes.shape.str(),
             shape_.str());
  slot_.freeze(std::move(codes));
  drop_master();
}

void QuantizedWeight::drop_master() {
  if (heir_ && !heir_->slot_.frozen()) {
    heir_->parameter_.value = parameter_.value;
    heir_->owner_ = nullptr;
  }
  if (owner_) owner_->heir_ = nullptr;
  owner_ = nullptr;
  heir_ = nullptr;
  parameter_.value = {};
}

}  // namespace lowbit
