#pragma once

#include "apps/lib/model/translator.h"
#include "data/batch/batcher.h"
#include "data/batch/token_dataset.h"
#include "data/corpus/parallel_text.h"
#include "data/metrics/bleu.h"

namespace lowbit {

struct LossFigures {
  double nll = 0;       ///< per target token, natural log, without smoothing
  double accuracy = 0;  ///< share of tokens whose reference is the most likely
  int64_t tokens = 0;
  std::string left_out;  ///< a line about rows too long for the model; empty if there are none
};

/// Teacher-forced figures over a whole dataset.
LossFigures evaluate_loss(Seq2Seq& model, const TokenDataset& data, int64_t max_tokens,
                          Overlong overlong = Overlong::drop);

struct TranslationFigures {
  BleuScore bleu;
  double seconds = 0;
  int64_t sentences = 0, tokens = 0;  ///< target tokens generated, eos counted
  std::vector<std::string> outputs;

  /// Hypothesis words over reference words, as BLEU counts them.
  double length_ratio() const {
    return static_cast<double>(bleu.hypothesis_length) / static_cast<double>(bleu.reference_length);
  }
};

/// Translates the sources and scores them against the targets by BLEU (13a).
TranslationFigures evaluate_translation(Translator& translator, const ParallelText& text,
                                        const std::function<void(int64_t done)>& progress = {});

/// The first `rows` rows, or all of them.
ParallelText first_rows(const ParallelText& text, int64_t rows);

}  // namespace lowbit
