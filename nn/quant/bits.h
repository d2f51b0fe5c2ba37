#pragma once

#include "nn/module.h"
#include "nn/quant/recipe.h"

namespace lowbit {

/// The bits that a model really has: the widest weight, activation and so on among its slots, 32 where one is empty.
/// Weights and activations are those of the layers' linears ("*.layers.*.weight", "*.layers.*.input").
BitWidths bits_of(Module& model);

}  // namespace lowbit
