#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/lib/model/run_origin.h"
#include "nn/quant/recipe.h"

namespace lowbit {

/// What README.md of an exported folder says.
struct ModelCard {
  inline static constexpr const char* kFile = "README.md";

  std::string name, format;
  BitWidths bits;
  int64_t parameters = 0;
  std::vector<std::pair<std::string, int64_t>> files;  ///< name, bytes
  std::vector<std::string> notes;                      ///< what is computed differently there
  std::string license;                                 ///< empty: not stated
  std::vector<std::string> command;                    ///< of the export
  RunOrigin origin;
};

/// Markdown with the YAML that Hugging Face's cards open with. Nothing is said that is not known: a score, a licence or
/// a training command that is missing is called so.
std::string model_card(const ModelCard& card);

}  // namespace lowbit
