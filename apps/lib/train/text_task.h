#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/lib/train/train_options.h"
#include "data/batch/token_dataset.h"
#include "data/corpus/parallel_text.h"
#include "data/denoise/noise.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// What training reads: a prepared corpus through its tokenizer.
struct TextTask {
  std::unique_ptr<Tokenizer> tokenizer;
  TokenDataset train, dev;
  ParallelText dev_text;       ///< empty when denoising
  std::optional<Noise> noise;  ///< denoising: `train` holds clean blocks, `dev` corrupted ones
};

/// Error (usage), in the name of an option, when a file was given and the folder of a corpus is wanted.
void expect_corpus_folder(const char* option, const std::string& folder);

/// The files of `options.dir` that training reads: train.tsv and dev.tsv, or the running text of pretraining; none that
/// are known by name when fairseq-preprocess wrote them.
std::vector<std::string> task_files(const TrainOptions& options);

/// Reads those files and tokenises them, or takes the ids of train and valid that fairseq-preprocess wrote: with the
/// tokenizer that the options name, else that of the Hugging Face folder or fairseq checkpoint that training builds on,
/// else the one in `options.dir`; if there is none, one is trained on the training text and kept there. Errors (data):
/// missing or broken files; (model): a broken tokenizer; (usage): denoising without <mask>.
TextTask load_text_task(const TrainOptions& options);

}  // namespace lowbit
