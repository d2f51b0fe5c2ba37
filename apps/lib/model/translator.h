#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/tokenizer/tokenizer.h"
#include "nn/generate/config.h"
#include "nn/generate/hypothesis.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// One sentence in, its hypotheses out.
struct Translation {
  std::vector<std::string> texts;      ///< best first, detokenised
  std::vector<Hypothesis> hypotheses;  ///< the same, as tokens and scores
  int64_t source_tokens = 0;           ///< eos counted
};

struct TranslatorConfig {
  GenerationConfig generation;
  std::optional<Framing> framing = {};  ///< the tokenizer's if not given
  int64_t max_tokens = 2048;            ///< source tokens of one batch, padding counted
};

/// Text to text through a model: clean as `lowbit prepare` does if the tokenizer is for such text, tokenise, batch by
/// length, search, detokenise.
class Translator {
 public:
  Translator(Seq2Seq& model, const Tokenizer& tokenizer, TranslatorConfig config);

  /// Results in the order of `sentences`. Batches hold sentences of similar length; `progress` hears how many are done.
  /// An empty sentence gives empty texts. One with more tokens than the model has positions is truncated, with one
  /// warning for all of them.
  std::vector<Translation> translate(const std::vector<std::string>& sentences,
                                     const std::function<void(int64_t done)>& progress = {});

 private:
  void run_batch(const std::vector<int64_t>& rows, const std::vector<std::vector<int32_t>>& sources,
                 std::vector<Translation>& results);

  Seq2Seq& model_;
  const Tokenizer& tokenizer_;
  TranslatorConfig config_;
  Framing framing_;
};

}  // namespace lowbit
