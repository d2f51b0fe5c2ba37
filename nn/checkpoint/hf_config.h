#pragma once

#include <string>
#include <string_view>

#include "nn/transformer/config.h"

namespace lowbit {

/// config.json of Hugging Face's BART and mBART. What it leaves out has the value of their configuration classes.
/// Errors (model) naming `where` and the key: no JSON object, another model_type, a value of the wrong type, or one
/// that asks for what is not computed here (decoders alone, quantized weights, tables that are not tied, other
/// activations).
TransformerConfig config_from_hf(std::string_view text, const std::string& where);

/// The config.json that their classes read: mBART's for pre-norm models, BART's for post-norm ones. Error (usage) when
/// neither class computes this model.
std::string config_to_hf(const TransformerConfig& config);

}  // namespace lowbit
