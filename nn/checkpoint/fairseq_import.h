#pragma once

#include <optional>
#include <string>

#include "nn/checkpoint/weight_import.h"

namespace lowbit {

/// The checkpoint of fairseq that `path` means: a file whose name ends in .pt, or in a folder its checkpoint_best.pt,
/// checkpoint_last.pt or model.pt, the first that is there, else the only other .pt. Nothing when there is none. Error
/// (model): a folder with several others.
std::optional<std::string> find_fairseq_checkpoint(const std::string& path);

/// The architecture of a checkpoint. Errors (model): see describe_fairseq().
TransformerConfig read_fairseq_config(const std::string& file);

/// A transformer, BART or mBART that fairseq saved. bart.base, whose table has made-up words up to row 51200, gets
/// Hugging Face's 50265 rows unless fairseq's dictionary (dict.txt) stands beside it, whose ids are the rows as they
/// are. Errors (model): a broken file, those of describe_fairseq() and of import_weights().
ImportedModel import_fairseq(const std::string& file, const ConfigEdit& edit = {});

}  // namespace lowbit
