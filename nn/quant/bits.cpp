#include "nn/quant/bits.h"

#include <algorithm>

#include "nn/quant/weight_slot.h"

namespace lowbit {
namespace {

constexpr int kFloatBits = 32;

int bits_in(const Slot& slot) {
  if (slot.empty()) return kFloatBits;
  if (const auto* weight = dynamic_cast<const WeightSlot*>(&slot); weight && weight->frozen())
    return range_of(weight->stored().book).bits;
  const auto* quantizer = dynamic_cast<const QuantSlot*>(&slot);
  return quantizer && quantizer->get() ? range_of(quantizer->get()->book()).bits : kFloatBits;
}

}  // namespace

BitWidths bits_of(Module& model) {
  BitWidths bits{.weights = 0, .embeddings = 0, .activations = 0, .output = 0};
  const auto widen = [](int& most, const Slot& slot) { most = std::max(most, bits_in(slot)); };
  model.each_slot([&](const std::string& path, const Slot& slot) {
    const bool layer = path.find(".layers.") != std::string::npos;
    if (path == "embed_tokens.weight") widen(bits.embeddings, slot);
    if (path == "output_projection.weight") widen(bits.output, slot);
    if (layer && path.ends_with(".weight")) widen(bits.weights, slot);
    if (layer && path.ends_with(".input")) widen(bits.activations, slot);
  });
  for (int* most : {&bits.weights, &bits.embeddings, &bits.activations, &bits.output})
    if (*most == 0) *most = kFloatBits;
  return bits;
}

}  // namespace lowbit
