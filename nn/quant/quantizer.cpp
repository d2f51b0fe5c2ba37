#include "nn/quant/quantizer.h"

namespace lowbit {

Variable Quantizer::fake_quantize(const Variable& x, SourceLine at) {
  const Encoded encoded = encode(x.value());
  return straight_through(x, encoded, dequantize(encoded.q), at);
}

Variable Quantizer::straight_through(const Variable& x, const Encoded& encoded, const Tensor& values, SourceLine at) {
  std::vector<Variable> inputs = {x};
  for (const Parameter* parameter : parameters()) inputs.push_back(parameter->value);
  Variable y = record(
      "fake_quantize", values, inputs,
      // Backward needs the mask and, for a learned scale, x; the codes only where an op saves y.
      [this, kept = Encoded{{}, encoded.pass, encoded.x, {}}](const Tensor& dy, GradSink& dx) {
        QuantizerGrads grads = backward(kept, dy);
        dx.add(0, std::move(grads.dx));
        for (size_t i = 0; i < grads.parameters.size(); ++i) dx.add(1 + i, std::move(grads.parameters[i]));
      },
      at);
  if (y.requires_grad()) y.restore_by([q = encoded.q] { return dequantize(q); });
  return y;
}

}  // namespace lowbit
