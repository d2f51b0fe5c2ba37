#include "nn/linear.h"

#include <cmath>

#include "nn/quant/quantized_linear.h"

namespace lowbit {
namespace {

/// Streams of one layer's seed.
enum Stream : uint64_t { kWeight, kBias, kInputScale, kOutputScale };

Tensor initial_weight(const LinearConfig& config, uint64_t key) {
  const Shape shape{config.out, config.in};
  const double in = static_cast<double>(config.in), out = static_cast<double>(config.out);
  switch (config.init) {
    case LinearInit::uniform:
      return random_uniform(shape, -1 / std::sqrt(in), 1 / std::sqrt(in), key);
    case LinearInit::xavier: {
      const double bound = config.gain * std::sqrt(6 / (in + out));
      return random_uniform(shape, -bound, bound, key);
    }
    case LinearInit::normal_002:
      return random_normal(shape, 0, 0.02, key);
    case LinearInit::none:
      break;
  }
  return Tensor::empty(shape);
}

Tensor initial_bias(const LinearConfig& config, uint64_t key) {
  if (config.init != LinearInit::uniform) return Tensor::zeros({config.out});
  const double bound = 1 / std::sqrt(static_cast<double>(config.in));
  return random_uniform({config.out}, -bound, bound, key);
}

}  // namespace

Linear::Linear(const LinearConfig& config, uint64_t seed)
    : config_(config),
      weight_("weight", initial_weight(config, philox_key(seed, kWeight))),
      bias_{"bias", {}, ParameterKind::vector},
      input_norm_(config.in, config.in, 0),
      input_scale_(config.in, config.in, philox_key(seed, kInputScale)),
      output_(config.out, config.in, 0),
      output_scale_(config.out, config.in, philox_key(seed, kOutputScale)) {
  own(weight_);
  if (config.bias) {
    bias_.value = Variable(initial_bias(config, philox_key(seed, kBias)), true);
    own(bias_);
  }
  own("input", input_slot_);
  own("input_norm", input_norm_);
  own("input_scale", input_scale_);
  own("output", output_);
  own("output_scale", output_scale_);
}

Variable Linear::forward(const Variable& x, const ForwardContext& context, SourceLine at) {
  const Variable constrained = input_scale_(input_norm_(x, context), context);
  const Variable y = slotted_linear(constrained, weight_, bias_.value, input_slot_, context, at);
  return output_scale_(output_(y, context), context);
}

}  // namespace lowbit
