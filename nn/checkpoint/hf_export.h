#pragma once

#include <string>

#include "nn/generate/config.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// Writes config.json, generation_config.json and model.safetensors (f32) of BartForConditionalGeneration or
/// MBartForConditionalGeneration into a folder, then imports them again and compares: Error (self_check) if anything
/// differs. The token table stands once, as model.shared.weight.
/// Errors (usage): slots are filled, or no class of theirs computes this model; (data): cannot be written.
void write_hf_model(Seq2Seq& model, const GenerationConfig& generation, const std::string& folder);

}  // namespace lowbit
