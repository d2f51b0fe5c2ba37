#include "apps/lib/model/evaluate.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>

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
  const auto cut = [&](const std::vector<std::string>& all) {
    return std::vector<std::string>(all.begin(), all.begin() + std::min(rows, std::ssize(all)));
  };
  return {cut(text.source), cut(text.target), cut(text.language)};
}

TranslationFigures evaluate_translation(Seq2Seq& model, const Tokenizer& tokenizer, const TranslatorConfig& config,
                                        const ParallelText& text, const std::string& source_language) {
  const auto start = std::chrono::steady_clock::now();
  TranslationFigures figures{.sentences = text.size()};
  figures.outputs.resize(text.source.size());
  const auto translate = [&](const std::optional<Framing>& framing, const std::vector<size_t>& rows) {
    TranslatorConfig own = config;
    own.framing = framing;
    std::vector<std::string> sources;
    sources.reserve(rows.size());
    for (const size_t row : rows) sources.push_back(text.source[row]);
    const std::vector<Translation> translations = Translator(model, tokenizer, own).translate(sources);
    for (size_t i = 0; i < rows.size(); ++i) {
      figures.outputs[rows[i]] = translations[i].texts.front();
      if (!translations[i].hypotheses.empty()) figures.tokens += std::ssize(translations[i].hypotheses.front().tokens);
    }
  };
  if (text.language.empty()) {
    std::vector<size_t> rows(text.source.size());
    std::iota(rows.begin(), rows.end(), 0);
    translate({}, rows);
  }
  for (const std::string& language : languages_of(text)) {
    std::vector<size_t> rows;
    for (size_t row = 0; row < text.language.size(); ++row)
      if (text.language[row] == language) rows.push_back(row);
    translate(tokenizer.framing_for({source_language, language}), rows);
  }
  figures.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  figures.bleu = corpus_bleu(figures.outputs, {text.target});
  for (const std::string& language : languages_of(text)) {
    const ParallelText part = rows_of({figures.outputs, text.target, text.language}, language);
    figures.by_language[language] = corpus_bleu(part.source, {part.target});
  }
  return figures;
}

}  // namespace lowbit
