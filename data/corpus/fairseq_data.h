#pragma once

#include <filesystem>
#include <string>

#include "data/batch/token_dataset.h"
#include "data/corpus/parallel_text.h"
#include "data/tokenizer/mbart_tokenizer.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// One split of a folder that fairseq-preprocess wrote: SPLIT.SRC-TGT.{SRC,TGT}.{bin,idx}, dict.{SRC,TGT}.txt.
class FairseqData {
 public:
  /// Whether a folder is such a one: it has a train, valid or test split.
  static bool in(const std::filesystem::path& folder);

  /// The pair of `languages` in either order if it is there, else the only pair. Errors (data): no such split, several
  /// pairs, sides of different size, those of read_mmap_rows(); (model): the folder's dictionary is not the
  /// tokenizer's.
  FairseqData(const std::filesystem::path& folder, const std::string& split, const Languages& languages,
              const Tokenizer& tokenizer);

  /// In the framing of the tokenizer, which fairseq's tasks add when they run.
  TokenDataset dataset() const;
  /// Texts that the tokenizer makes these sources of, and what it makes of the targets.
  ParallelText text() const;

 private:
  const Tokenizer& tokenizer_;
  TokenRows source_, target_;  // as they are in the files
};

}  // namespace lowbit
