#include "nn/checkpoint/frozen_weights.h"

#include "core/error.h"
#include "nn/module_state.h"
#include "nn/quant/constraint.h"
#include "nn/quant/weight_slot.h"

namespace lowbit {

Tensor FrozenWeights::values(const std::string& path) const {
  if (const auto quantized = codes.find(path); quantized != codes.end()) return dequantize(quantized->second);
  const auto found = floats.find(path);
  LB_CHECK(found != floats.end(), "export", "the model has no weight {}", path);
  return found->second;
}

FrozenWeights freeze_weights(Module& model) {
  freeze_tree(model);
  FrozenWeights weights;
  weights.floats = module_state(model).tensors;
  model.each_weight_codes([&](const std::string& path, const QTensor& codes) { weights.codes[path] = codes; });
  return weights;
}

std::map<std::string, int64_t> activation_quantizers(Module& model) {
  std::map<std::string, int64_t> lines;
  model.each_slot([&](const std::string&, Slot& slot) {
    if (!slot.empty() && dynamic_cast<QuantSlot*>(&slot) && !dynamic_cast<WeightSlot*>(&slot)) ++lines[slot.describe()];
  });
  return lines;
}

void refuse_constraints(Module& model, const std::string& program) {
  model.each_slot([&](const std::string& path, Slot& slot) {
    LB_REQUIRE(slot.empty() || !dynamic_cast<ConstraintSlot*>(&slot), ErrorKind::usage, "export",
               "{} holds {}, which {} has no place for: leave --format out for packed codes", path, slot.describe(),
               program);
  });
}

}  // namespace lowbit
