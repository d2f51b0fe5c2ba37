#include "apps/lib/model/evaluate.h"

#include <algorithm>
#include <chrono>

#include "apps/lib/model/batch_tensors.h"
#include "autograd/grad_mode.h"

namespace lowbit {

LossFigures evaluate_loss(Seq2Seq& model, const TokenDataset& data, int64_t max_tokens, Overlong overlong) {
  GradMode off(false);
  const TransformerConfig& config = model.config();
  Batcher batches(data, {.max_tokens = max_tokens,
                         .max_source = config.max_positions,
                         .max_target = config.max_positions,
                         .overlong = overlong,
                         .order = Order::by_length,
                         .start_id = config.decoder_start});
  LossFigures figures{.left_out = batches.describe_overlong()};
  double nll = 0;
  int64_t correct = 0;
  for (int64_t i = 0; i < batches.batches_per_epoch(); ++i) {
    const LossSum loss = cross_entropy_objective(model, to_tensors(batches.at(i)), 0, {});
    nll += loss.nll;
    correct += loss.correct;
    figures.tokens += loss.tokens;
  }
  figures.nll = nll / static_cast<double>(figures.tokens);
  figures.accuracy = static_cast<double>(correct) / static_cast<double>(figures.tokens);
  return figures;
}

ParallelText first_rows(const ParallelText& text, int64_t rows) {
  const int64_t n = std::min(rows, text.size());
  return {{text.source.begin(), text.source.begin() + n}, {text.target.begin(), text.target.begin() + n}};
}

TranslationFigures evaluate_translation(Translator& translator, const ParallelText& text,
                                        const std::function<void(int64_t)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Translation> translations = translator.translate(text.source, progress);
  TranslationFigures figures{.sentences = text.size()};
  figures.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const Translation& translation : translations) {
    figures.outputs.push_back(translation.texts.front());
    if (!translation.hypotheses.empty())
      figures.tokens += static_cast<int64_t>(translation.hypotheses.front().tokens.size());
  }
  figures.bleu = corpus_bleu(figures.outputs, {text.target});
  return figures;
}

}  // namespace lowbit
