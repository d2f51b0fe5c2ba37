#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/model_state.h"

namespace lowbit {

/// What became of each tensor of a folder. What is missing, or stands there unexpectedly, refuses the import.
struct ImportReport {
  std::string model_type;                                    ///< "bart"
  std::vector<std::string> files;                            ///< with the weights, and their index
  std::vector<std::string> used;                             ///< under the names that Hugging Face gives them
  std::vector<std::pair<std::string, std::string>> renamed;  ///< name in the file, Hugging Face's
  std::vector<std::string> aliases;                          ///< copies of the token table, equal bit for bit
  std::vector<std::string> ignored;                          ///< no weights: version markers, buffers
  std::vector<std::string> filled;                           ///< constants that the file may leave out, set to zero
  std::vector<std::string> notes;                            ///< conversions: dtype, rows of the table
  /// One line for the log.
  std::string str() const;
};

struct ImportedModel {
  std::unique_ptr<Seq2Seq> model;
  ImportReport report;
};

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
