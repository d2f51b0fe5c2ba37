#pragma once

#include "nn/quant/constraint.h"
#include "nn/quant/quantized_weight.h"

namespace lowbit {

/// Initial weights, with fan-in `in` and fan-out `out`.
enum class LinearInit : uint8_t {
  uniform,     ///< weight and bias U(-b, b), b = 1/sqrt(in): torch's default
  xavier,      ///< weight U(-b, b), b = gain sqrt(6 / (in + out)); bias 0 (Glorot and Bengio 2010)
  normal_002,  ///< weight N(0, 0.02), bias 0: BERT, BART, mBART
  none,        ///< undefined, to be loaded
};

struct LinearConfig {
  int64_t in = 0, out = 0;
  bool bias = true;
  LinearInit init = LinearInit::uniform;
  double gain = 1;  ///< of xavier
};

/// y = output_scale ⊙ output( input(input_scale ⊙ input_norm(x)) weight(W)^T + b ): a linear layer with a slot at each
/// of these places; all empty, y = x W^T + b.
///   x [..., in]    returns [..., out]
/// Slots: weight, input (quantizers); input_norm, input_scale, output, output_scale (constraints).
class Linear final : public Module {
 public:
  Linear(const LinearConfig& config, uint64_t seed);

  Variable forward(const Variable& x, const ForwardContext& context, SourceLine at = SourceLine::here());

  const LinearConfig& config() const { return config_; }
  Parameter& weight() { return weight_.parameter(); }
  WeightSlot& weight_slot() { return weight_.slot(); }

 private:
  LinearConfig config_;
  QuantizedWeight weight_;
  Parameter bias_;
  QuantSlot input_slot_;
  ConstraintSlot input_norm_, input_scale_, output_, output_scale_;
};

}  // namespace lowbit
