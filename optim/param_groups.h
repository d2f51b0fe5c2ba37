#pragma once

#include <string>
#include <vector>

#include "nn/module.h"

namespace lowbit {

/// A parameter with its path in the tree; the variable is a shared handle.
struct NamedParameter {
  std::string path;
  Variable value;
};

/// Parameters that an optimizer treats alike.
struct ParamGroup {
  std::vector<NamedParameter> parameters;
  double lr_scale = 1;      ///< times the learning rate of the schedule
  double weight_decay = 0;  ///< how it is applied is the optimizer's matter
};

struct GroupConfig {
  double weight_decay = 0;        ///< of ParameterKind::weight only: vectors and quantizers never decay
  double quantizer_lr_scale = 1;  ///< of ParameterKind::quantizer
};

/// One group per ParameterKind that occurs, in the order of the enum; within a group the order of the tree. Tied
/// tensors count once, under their first path; frozen parameters (requires_grad off) are left out.
std::vector<ParamGroup> group_parameters(Module& module, const GroupConfig& config);

}  // namespace lowbit
