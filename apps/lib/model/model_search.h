#pragma once

#include <optional>
#include <string>

#include "nn/generate/config.h"
#include "nn/transformer/config.h"

namespace lowbit {

/// How the folder of a model (LoadedModel::folder) says to search with it: always in a Hugging Face folder; in one of
/// ours, or a checkpoint's run, where generation_config.json has a "search_rule" (nn/checkpoint/hf_generation.h).
/// Errors (model): the file is broken, or asks for what is not supported here.
std::optional<GenerationConfig> find_search(const std::string& folder, const TransformerConfig& model);

/// The same for what is made of the model: a Hugging Face folder's search that is not supported is not kept, with a
/// warning.
std::optional<GenerationConfig> search_to_keep(const std::string& folder, const TransformerConfig& model);

/// Where nothing says how: greedily up to the model's last position, by the hf rule.
GenerationConfig plain_search(const TransformerConfig& model);

}  // namespace lowbit
