#pragma once

#include <string>

#include "nn/checkpoint/weight_import.h"

namespace lowbit {

/// Whether a folder holds a model in Hugging Face's form: weights without our metadata beside a config.json, shards, or
/// torch's files.
/// Errors (model): a broken weight file.
bool is_hf_folder(const std::string& folder);

/// The architecture that its config.json describes. Errors (model).
TransformerConfig read_hf_config(const std::string& folder);

/// A BART or mBART from a folder with config.json and the weights that TensorFiles finds, in f32, f16, bf16 or f64,
/// all computed with in f32. Every tensor must be accounted for: Errors (model) naming the file and the tensor
/// that is missing, unexpected, of another shape, no float, given twice, or a copy of the token table that differs.
/// Memory: the model, and the pages of one tensor of the file.
ImportedModel import_hf_folder(const std::string& folder, const ConfigEdit& edit = {});

}  // namespace lowbit
