#include "nn/output_projection.h"

#include "nn/quant/quantized_linear.h"

namespace lowbit {

OutputProjection::OutputProjection(Embedding& table, bool bias)
    : weight_("weight", table.weight_), bias_{"bias", {}, ParameterKind::vector} {
  own(weight_);
  if (bias) {
    bias_.value = Variable(Tensor::zeros({table.config().rows}));
    own(bias_);
  }
  own("input", input_slot_);
}

Variable OutputProjection::forward(const Variable& x, const ForwardContext& context, SourceLine at) {
  return slotted_linear(x, weight_, bias_.value, input_slot_, context, at);
}

}  // namespace lowbit
