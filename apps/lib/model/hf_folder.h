#pragma once

#include <string>

#include "apps/lib/model/model_folder.h"

namespace lowbit {

/// Fills a folder that transformers loads: the model (nn/checkpoint/hf_export.h), how to generate with it, and the
/// files of its tokenizer, null if it has none. Read back and compared. Errors as there.
void fill_hf_folder(const LoadedModel& loaded, const Tokenizer* tokenizer, const std::string& folder);

}  // namespace lowbit
