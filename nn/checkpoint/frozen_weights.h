#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/quant/qtensor.h"
#include "nn/module.h"

namespace lowbit {

/// A model as other programs' files take it: every weight by its path, as codes where its slot is filled. Learned
/// scales of activation slots are among the floats.
struct FrozenWeights {
  std::map<std::string, Tensor> floats;
  std::map<std::string, QTensor> codes;

  bool has(const std::string& path) const { return floats.count(path) || codes.count(path); }
  /// f32, dequantized where it has codes. Error (internal): no such weight.
  Tensor values(const std::string& path) const;
};

/// Freezes the model (freeze_tree) and takes its weights.
FrozenWeights freeze_weights(Module& model);

/// The recipe lines of filled slots that are no weights (quantizers of activations), with how many hold each.
std::map<std::string, int64_t> activation_quantizers(Module& model);

/// Error (usage) naming the slot when one holds a norm, vector or output rounding (BitNet, SVCD) around a linear layer,
/// which `program` cannot compute.
void refuse_constraints(Module& model, const std::string& program);

}  // namespace lowbit
