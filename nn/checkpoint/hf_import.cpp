#include "nn/checkpoint/hf_import.h"

#include <algorithm>
#include <filesystem>

#include "core/files/safetensors.h"
#include "nn/checkpoint/hf_config.h"
#include "nn/checkpoint/hf_generation.h"
#include "nn/checkpoint/hf_names.h"
#include "nn/checkpoint/json_keys.h"
#include "nn/checkpoint/tensor_files.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";

std::string config_path(const std::string& folder) { return (fs::path(folder) / kConfig).string(); }

std::string config_text(const std::string& folder) {
  const MappedFile file(config_path(folder), ErrorKind::model);
  return std::string(file.text());
}

/// Where tables are not tied the output's must be in the file; the import sees whether it is another.
void require_own_output(const std::string& folder, const TensorFiles& files) {
  const JsonKeys keys(config_text(folder), config_path(folder));
  bool tied = true;
  keys.take("tie_word_embeddings", tied);
  const auto is_output = [](const auto& entry) { return entry.first.ends_with("lm_head.weight"); };
  if (!tied && std::none_of(files.entries().begin(), files.entries().end(), is_output))
    keys.refuse("tie_word_embeddings", fmt::format("asks for an lm_head.weight, which {} lacks", files.origin()));
}

}  // namespace

bool is_hf_folder(const std::string& folder) {
  const fs::path single = fs::path(folder) / TensorFiles::kSingle;
  if (!fs::exists(single)) return TensorFiles::in(folder);
  return fs::exists(config_path(folder)) && !describes_model(SafetensorsFile(single.string()).metadata());
}

TransformerConfig read_hf_config(const std::string& folder) {
  TransformerConfig config = config_from_hf(config_text(folder), config_path(folder));
  config.decoder_start = read_hf_decoder_start(folder, config);
  return config;
}

ImportedModel import_hf_folder(const std::string& folder, const ConfigEdit& edit) {
  const TransformerConfig stored = read_hf_config(folder);
  constexpr ImportNaming kNaming{.name_of = hf_name, .config = kConfig};
  TensorFiles files(folder);
  require_own_output(folder, files);
  require_room(files, kNaming, stored);
  ImportedModel imported{std::make_unique<Seq2Seq>(edit ? edit(stored) : stored, 0), {}};
  imported.report.model_type = stored.pre_norm ? "mbart" : "bart";
  import_weights(std::move(files), kNaming, *imported.model, imported.report);
  return imported;
}

}  // namespace lowbit
