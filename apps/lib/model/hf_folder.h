#pragma once

#include <string>

#include "apps/lib/model/model_folder.h"

namespace lowbit {

/// Writes a folder that transformers loads: the model (nn/checkpoint/hf_export.h), how to generate with it, and the
/// files of its tokenizer if it has one (`languages`: mBART's, unless its folder says them). It appears whole or not at
/// all, after it has been read back and compared. Errors as there.
PackedFolder write_hf_folder(const LoadedModel& loaded, const std::string& out, const Languages& languages = {});

}  // namespace lowbit
