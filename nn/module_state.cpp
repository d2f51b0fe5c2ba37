#include "nn/module_state.h"

#include <unordered_set>

namespace lowbit {

StateDict module_state(Module& module) {
  StateDict state;
  std::unordered_set<const void*> seen;
  module.each_parameter([&](const std::string& path, Parameter& parameter) {
    const Tensor& value = parameter.value.value();
    if (seen.insert(value.raw()).second) state.tensors[path] = value;
  });
  return state;
}

void load_module_state(Module& module, const StateDict& state) {
  StateDict targets = module_state(module);
  for (const auto& [path, target] : targets.tensors) take_tensor(state, path, target.shape(), target.dtype());
  check_tensor_count(state, targets.tensors.size());
  for (auto& [path, target] : targets.tensors) target.copy_from(state.tensors.at(path));
}

}  // namespace lowbit
