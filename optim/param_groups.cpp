#include "optim/param_groups.h"

#include <array>
#include <unordered_set>

namespace lowbit {

std::vector<ParamGroup> group_parameters(Module& module, const GroupConfig& config) {
  std::array<ParamGroup, 3> by_kind = {ParamGroup{{}, 1, config.weight_decay}, ParamGroup{{}, 1, 0},
                                       ParamGroup{{}, config.quantizer_lr_scale, 0}};
  std::unordered_set<const void*> seen;
  module.each_parameter([&](const std::string& path, Parameter& parameter) {
    if (!parameter.value.requires_grad() || !seen.insert(parameter.value.value().raw()).second) return;
    by_kind[static_cast<size_t>(parameter.kind)].parameters.push_back({path, parameter.value});
  });
  std::vector<ParamGroup> groups;
  for (ParamGroup& group : by_kind)
    if (!group.parameters.empty()) groups.push_back(std::move(group));
  return groups;
}

}  // namespace lowbit
