#pragma once

#include <map>

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

/// Hypothesis words over reference words, as BLEU counts them.
inline double length_ratio(const BleuScore& bleu) {
  return static_cast<double>(bleu.hypothesis_length) / static_cast<double>(bleu.reference_length);
}

struct TranslationFigures {
  BleuScore bleu;
  double seconds = 0;
  int64_t sentences = 0, tokens = 0;  ///< target tokens generated, eos counted
  std::vector<std::string> outputs;
  std::map<std::string, BleuScore> by_language;  ///< where the text names languages
};

/// Translates the sources, each into the language of its target where that is named, and scores them against the
/// targets by BLEU (13a). Errors: those of Translator and Tokenizer::framing_for.
TranslationFigures evaluate_translation(Seq2Seq& model, const Tokenizer& tokenizer, const TranslatorConfig& config,
                                        const ParallelText& text, const std::string& source_language = "");

/// The first `rows` rows, or all of them.
ParallelText first_rows(const ParallelText& text, int64_t rows);

}  // namespace lowbit
