#pragma once

#include <optional>
#include <string>

#include "nn/generate/config.h"
#include "nn/transformer/config.h"

namespace lowbit {

inline constexpr const char* kGenerationFile = "generation_config.json";

/// How transformers' generate() would search with a model: from the folder's generation_config.json, or, where there is
/// none, from the keys that config.json has for it; what neither says has generate()'s default (20 tokens, greedy).
/// Always by the hf rule. Errors (model) naming file and key: a wrong type or range, or a setting that is not supported
/// here.
GenerationConfig read_hf_generation(const std::string& folder, const TransformerConfig& model);

/// How generation_config.json of a folder of ours says to search, in the same keys; nothing unless it is there and has
/// "search_rule": "hf", or "fairseq", whose defaults of length are fairseq's then and which may have "max_len_a".
/// Errors (model) as above.
std::optional<GenerationConfig> read_own_generation(const std::string& folder, const TransformerConfig& model);

/// The first decoder input: what generation_config.json says, else the model's. Errors (model).
int32_t read_hf_decoder_start(const std::string& folder, const TransformerConfig& model);

/// generation_config.json of a search by the hf rule.
std::string generation_to_hf(const GenerationConfig& config, const TransformerConfig& model);
/// The same for a folder of ours, by either rule.
std::string generation_to_own(const GenerationConfig& config, const TransformerConfig& model);

}  // namespace lowbit
