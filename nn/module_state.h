#pragma once

#include "core/files/state_dict.h"
#include "nn/module.h"

namespace lowbit {

/// Every parameter under its path, frozen ones too; a tied tensor once, under its first path. Shares memory with the
/// module.
StateDict module_state(Module& module);

/// Copies the tensors into the parameters. ErrorKind::model naming the tensor unless `state` has exactly those of
/// module_state(); the module is unchanged then.
void load_module_state(Module& module, const StateDict& state);

}  // namespace lowbit
