#include "nn/quant/quantizer.h"

namespace lowbit {

Variable Quantizer::fake_quantize(const Variable& x, SourceLine at) {
  std::vector<Variable> inputs = {x};
  for (const Parameter* parameter : parameters()) inputs.push_back(parameter->value);
  Encoded encoded = encode(x.value());
  Tensor y = dequantize(encoded.q);
  encoded.q = {};  // the values are the result; backward needs the mask only
  return record(
      "fake_quantize", std::move(y), inputs,
      [this, encoded](const Tensor& dy, GradSink& dx) {
        const QuantizerGrads grads = backward(encoded, dy);
        dx.add(0, grads.dx);
        for (size_t i = 0; i < grads.parameters.size(); ++i) dx.add(1 + i, grads.parameters[i]);
      },
      at);
}

}  // namespace lowbit
