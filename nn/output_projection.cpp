#include "nn/output_projection.h"

#include "nn/quant/quantized_linear.h"

namespace lowbit {

OutputProjection::OutputProjection(Embedding& table, bool bias)
    : table_(table),
      weight_{"weight", table.weight().value, ParameterKind::weight},
      bias_{"bias", {}, ParameterKind::vector} {
  if (bias) {
    bias_.value = Variable(Tensor::zeros({table.config().rows}), true);
    own(bias_);
  }
  own("weight", weight_slot_);
  own("input", input_slot_);
}

Variable OutputProjection::forward(const Variable& x, const ForwardContext& context, SourceLine at) {
  return slotted_linear(x, weight_.value, bias_.value, input_slot_, weight_slot_, context, at);
}

void OutputProjection::freeze() {
  if (weight_slot_.frozen() || owns_weight_) return;
  if (!weight_slot_.empty()) {
    weight_slot_.freeze(weight_.value.value());
    weight_.value = {};
  } else if (!table_.weight_slot().empty()) {
    own(weight_);
    owns_weight_ = true;
  }
}

void OutputProjection::freeze(QTensor codes) {
  const EmbeddingConfig& config = table_.config();
  LB_REQUIRE(codes.shape() == Shape({config.rows, config.dim}), ErrorKind::model, "output projection",
             "codes {} for a table [{}, {}]", codes.shape().str(), config.rows, config.dim);
  weight_slot_.freeze(std::move(codes));
  weight_.value = {};
}

}  // namespace lowbit
