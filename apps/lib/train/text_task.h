#pragma once

#include <string>

#include "apps/lib/train/train_options.h"
#include "data/batch/token_dataset.h"
#include "data/corpus/parallel_text.h"
#include "data/tokenizer/sentencepiece_tokenizer.h"

namespace lowbit {

/// What training reads: a prepared corpus through its tokenizer.
struct TextTask {
  SentencePieceTokenizer tokenizer;
  TokenDataset train, dev;
  ParallelText dev_text;
};

/// Reads train.tsv and dev.tsv of `options.dir` and tokenises them. Without a tokenizer, a joint one is trained on
/// train.tsv and kept in the folder. Errors (data): missing or broken files; (model): a broken tokenizer.
TextTask load_text_task(const DataOptions& options);

}  // namespace lowbit
