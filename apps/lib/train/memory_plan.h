#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nn/module.h"
#include "optim/optimizer.h"

namespace lowbit {

/// Where the memory of training goes, in bytes of tensors as the allocator sets them aside.
struct MemoryPlan {
  size_t parameters = 0, optimizer = 0;  ///< there all the time: float masters, moments
  size_t others = 0;                     ///< and codes of the weights, teacher, moving averages
  size_t gradients = 0;                  ///< at the end of a backward pass
  /// What the forward pass keeps for the backward one, by layer ("encoder.layers.0") in the order of the pass.
  std::vector<std::pair<std::string, size_t>> saved;
  size_t peak = 0;
  std::string peak_at;  ///< "encoder.layers.5.fc2/linear backward"
};

/// Runs `update`, a whole one on the largest batch, twice: once to make what stays, once to look.
MemoryPlan measure_memory(Module& model, const Optimizer& optimizer, const std::function<void()>& update);

/// A table, one line a class and, of what is saved, a layer.
std::string to_text(const MemoryPlan& plan);

}  // namespace lowbit
