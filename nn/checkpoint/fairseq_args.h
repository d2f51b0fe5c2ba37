#pragma once

#include <string>

#include "nn/checkpoint/json_keys.h"
#include "nn/checkpoint/torch/pickle.h"

namespace lowbit {

/// The arguments of the model in a checkpoint that fairseq saved, as one flat object: "args", a Namespace, or where
/// that is None the "model" of "cfg"; either may be a Namespace, a dict or containers of OmegaConf. Error (model)
/// naming `path`: neither is there.
JsonKeys fairseq_args(const PickleValue& checkpoint, const std::string& path);

}  // namespace lowbit
