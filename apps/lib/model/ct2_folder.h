#pragma once

#include <string>
#include <vector>

#include "apps/lib/model/model_folder.h"

namespace lowbit {

/// Fills a folder that CTranslate2 loads: model.bin (nn/checkpoint/ct2/ct2_export.h), config.json with the special
/// tokens, shared_vocabulary.json, and the files of the tokenizer. Returns what is computed differently there.
///
/// A model whose tokens are framed "X </s>" adds </s> to its source by itself, as fairseq models converted there do;
/// BART's and mBART's expect every token from the caller, as Hugging Face models converted there do.
std::vector<std::string> fill_ct2_folder(LoadedModel& loaded, const Tokenizer& tokenizer, const std::string& folder);

}  // namespace lowbit
