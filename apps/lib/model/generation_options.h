#pragma once

#include "apps/lib/options/registry.h"
#include "nn/generate/config.h"

namespace lowbit {

/// Options of a search: generate.beam, generate.length_penalty, ... with fairseq's and Hugging Face's flag names.
void declare_generation_options(OptionRegistry& registry, GenerationConfig& config);

}  // namespace lowbit
