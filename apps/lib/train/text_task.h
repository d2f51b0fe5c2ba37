#pragma once

#include <memory>
#include <string>

#include "apps/lib/train/train_options.h"
#include "data/batch/token_dataset.h"
#include "data/corpus/parallel_text.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// What training reads: a prepared corpus through its tokenizer.
struct TextTask {
  std::unique_ptr<Tokenizer> tokenizer;
  TokenDataset train, dev;
  ParallelText dev_text;
};

/// Reads train.tsv and dev.tsv of `options.dir` and tokenises them, or the ids of train and valid that
/// fairseq-preprocess wrote there: with the tokenizer that the options name, else that of `start`, a Hugging Face
/// folder or fairseq checkpoint that training builds on (empty: none), else the one in `options.dir`; if there is none,
/// a joint one is trained on train.tsv and kept there. Errors (data): missing or broken files; (model): a broken
/// tokenizer.
TextTask load_text_task(const DataOptions& options, const std::string& start);

}  // namespace lowbit
