#pragma once

#include <memory>
#include <string>

#include "apps/lib/model/model_folder.h"
#include "apps/lib/train/train_options.h"
#include "data/tokenizer/mbart_tokenizer.h"

namespace lowbit {

/// A model that training builds on: a teacher, or where a student starts. Error (usage) unless its rows stand for the
/// pieces of the tokenizer.
LoadedModel load_for(const Tokenizer& tokenizer, const std::string& path, const Languages& languages,
                     const ConfigEdit& edit = {});

/// The model that training starts from: another model (finetune_from), the teacher's weights, or fresh ones; then
/// quantized by the recipe.
std::unique_ptr<Seq2Seq> start_model(const TrainOptions& options, const Tokenizer& tokenizer, Seq2Seq* teacher);

/// Puts the search of what the run starts from, if it has one, into the run's folder: generation_config.json. Warnings
/// and errors of search_to_keep().
void keep_search(const TrainOptions& options, const TransformerConfig& model, const std::string& run_folder);

}  // namespace lowbit
