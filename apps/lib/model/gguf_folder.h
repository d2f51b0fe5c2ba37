#pragma once

#include <string>
#include <vector>

#include "apps/lib/model/model_folder.h"
#include "nn/checkpoint/gguf/gguf_export.h"

namespace lowbit {

/// Fills a folder with model.gguf (nn/checkpoint/gguf/gguf_export.h), which has the pieces and special tokens too, and
/// the files of the tokenizer. Returns what differs from the model.
std::vector<std::string> fill_gguf_folder(LoadedModel& loaded, const Tokenizer& tokenizer, GgufTypes types,
                                          const std::string& folder);

}  // namespace lowbit
