#include "apps/lib/model/model_search.h"

#include <filesystem>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_folder.h"
#include "core/error.h"
#include "nn/checkpoint/hf_generation.h"
#include "nn/checkpoint/hf_import.h"
#include "nn/generate/seq2seq_stepper.h"

namespace lowbit {

std::optional<GenerationConfig> find_search(const std::string& folder, const TransformerConfig& model) {
  if (is_hf_folder(folder)) return read_hf_generation(folder, model);
  for (const std::filesystem::path& place : folder_and_run(folder))
    if (std::filesystem::exists(place / kGenerationFile)) return read_own_generation(place.string(), model);
  return std::nullopt;
}

std::optional<GenerationConfig> search_to_keep(const std::string& folder, const TransformerConfig& model) {
  try {
    return find_search(folder, model);
  } catch (const Error& error) {
    if (!is_hf_folder(folder)) throw;
    log_warning("how to search is not kept: {}", error.what());
    return std::nullopt;
  }
}

GenerationConfig plain_search(const TransformerConfig& model) {
  return generation_for(model, {.rule = SearchRule::hf, .beam = 1, .max_len_b = model.max_positions, .min_len = 0});
}

}  // namespace lowbit
