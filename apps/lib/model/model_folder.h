#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/files/state_dict.h"
#include "data/tokenizer/mbart_tokenizer.h"
#include "data/tokenizer/tokenizer.h"
#include "nn/checkpoint/hf_import.h"
#include "nn/model_state.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// The files of a model folder, in Hugging Face's layout.
inline constexpr const char* kWeightsFile = "model.safetensors";
inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kTokenizerFile = "sentencepiece.bpe.model";  ///< of models whose vocabulary we trained

struct LoadedModel {
  std::unique_ptr<Seq2Seq> model;
  std::string folder;                         ///< where the weights were found
  std::optional<ImportReport> imported = {};  ///< of a model that Hugging Face's or fairseq's programs wrote
};

/// The folder with weights that `path` means: itself, or a run's checkpoint_best, else its checkpoint_last; the one
/// around a fairseq checkpoint. Error (model) when there is none.
std::string resolve_model_folder(const std::string& path);
/// Whether it is a Hugging Face folder or a fairseq checkpoint, whose tokenizer belongs to it.
bool is_foreign_model(const std::string& path);

/// Whether there is one.
bool has_model(const std::string& path);

/// The architecture of a model folder, checkpoint or run, read without its weights. Errors (model): none is there, or
/// it is broken.
TransformerConfig read_model_config(const std::string& path);

/// A model with its quantizers, float or packed, from a model folder, a checkpoint, a run, a Hugging Face folder or a
/// fairseq checkpoint.
/// Errors (model): a file is broken, or differs from the folder's checksums.txt if it has one. Warns when a learned
/// scale was never calibrated, says what an import made of the tensors.
LoadedModel load_model(const std::string& path, const ConfigEdit& edit = {});
/// A model's folder, and the one above where that is the run of a checkpoint (it has a config.yaml): absolute, whatever
/// slashes and dots `folder` ends with.
std::vector<std::filesystem::path> folder_and_run(const std::string& folder);
/// The folder with the tokenizer of a model in `folder`: the same, or the run folder above it.
std::optional<std::string> find_tokenizer(const std::string& folder);
/// That tokenizer. Errors (model): there is none, it is broken, or its pieces are not the model's rows; (usage) it is
/// mBART's, and a language is neither given nor in its folder.
std::unique_ptr<Tokenizer> load_tokenizer(const LoadedModel& loaded, const Languages& languages = {});

/// Elements of the architecture's weights, packed or not.
int64_t parameters_of(const TransformerConfig& config);
/// Bytes of what serving needs, in a model folder or out of a run: weights, configurations, checksums and the
/// tokenizer; not the optimizer's state and what else a checkpoint holds.
int64_t model_bytes(const LoadedModel& loaded);

/// Fills a folder that loads by itself: config.json, model.safetensors (packed codes where weights are frozen),
/// generation_config.json with the search that the model had (model_search.h), the tokenizer, checksums.txt. The folder
/// is read back and compared: Error (self_check) if a code or a float differs.
void fill_model_folder(const LoadedModel& loaded, const Tokenizer& tokenizer, const std::string& folder);
/// Error (usage) when `folder` holds anything but files that fill_model_folder() writes: a run, a corpus, somebody's
/// notes are not to be replaced.
void refuse_to_replace(const std::string& folder);
/// The same in a folder that appears whole or not at all, in place of one that refuse_to_replace() lets go.
void write_model_folder(const LoadedModel& loaded, const Tokenizer& tokenizer, const std::string& folder);

}  // namespace lowbit
