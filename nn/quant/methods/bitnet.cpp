// BitNet, Wang et al. 2023, arXiv:2310.11453 (b1) and Ma et al. 2024, arXiv:2402.17764 (b1.58), in
// the form of the authors' FAQ: identity straight-through gradients, scales are constants, floor 1e-5. The activations
// of b1 as printed are clipped but never rounded; that reading is a weight quantizer with an empty input slot.
#include "nn/quant/methods/methods.h"
#include "nn/quant/methods/parts.h"

namespace lowbit::methods {
namespace {

constexpr float kFloor = 1e-5f;

}  // namespace

/// sign(W - mean W) * mean|W|, one scale a tensor.
std::unique_ptr<Quantizer> bitnet_b1(Spec& spec) {
  return build(spec, CodeBook::binary, granularity(spec, Granularity::tensor),
               mean_abs_rule({.remove_mean = MeanRemoval::codes, .floor = kFloor}));
}

/// round(clamp(W / s, -1, 1)) * s with s = mean|W|.
std::unique_ptr<Quantizer> bitnet_b158(Spec& spec) {
  return build(spec, CodeBook::ternary, granularity(spec, Granularity::tensor), mean_abs_rule({.floor = kFloor}));
}

/// round(x * 127 / max|x|), one scale a token.
std::unique_ptr<Quantizer> bitnet_activation(Spec& spec) {
  return build(spec, CodeBook::int8, granularity(spec, Granularity::row), abs_max_rule(kNoClip, kFloor));
}

}  // namespace lowbit::methods
