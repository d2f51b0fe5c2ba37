#include "nn/output_projection.h"

#include "core/ops/matmul.h"
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
  // Not in int8: of a row of this gradient, a few entries are large, and the many small ones count by their sum.
  const bool integers = ops::matmul_precision() == ops::MatmulPrecision::int8;
  const ops::MatmulPrecisionScope scope(integers ? ops::MatmulPrecision::bf16 : ops::matmul_precision());
  return slotted_linear(x, weight_, bias_.value, input_slot_, context, at);
}

}  // namespace lowbit
