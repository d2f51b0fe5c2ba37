#include "apps/lib/model/translator.h"

#include <algorithm>
#include <numeric>

#include "apps/lib/log/log.h"
#include "apps/lib/model/batch_tensors.h"
#include "core/error.h"
#include "data/prepare/clean.h"
#include "nn/generate/generate.h"
#include "nn/generate/seq2seq_stepper.h"

namespace lowbit {

Translator::Translator(Seq2Seq& model, const Tokenizer& tokenizer, TranslatorConfig config)
    : model_(model),
      tokenizer_(tokenizer),
      config_(config),
      framing_(config.framing ? *config.framing : tokenizer.framing()) {
  config_.generation = generation_for(model.config(), config_.generation);
  if (framing_.decoder_start >= 0) config_.generation.decoder_start = framing_.decoder_start;
  if (framing_.forced_bos >= 0) config_.generation.forced_bos = framing_.forced_bos;
  config_.generation.validate();
  LB_REQUIRE(tokenizer.vocab_size() == model.config().vocab, ErrorKind::model, "generate",
             "the vocabulary has {} pieces but the model {} rows; use the tokenizer that the model was trained with",
             tokenizer.vocab_size(), model.config().vocab);
}

std::vector<Translation> Translator::translate(const std::vector<std::string>& sentences,
                                               const std::function<void(int64_t)>& progress) {
  std::vector<Translation> results(sentences.size());
  std::vector<std::vector<int32_t>> sources;
  std::vector<int64_t> order;
  const int64_t longest = model_.config().max_positions;
  size_t overlong = 0, first_overlong = 0;
  for (size_t i = 0; i < sentences.size(); ++i) {
    const std::string text = tokenizer_.takes_clean_text() ? clean(sentences[i]) : sentences[i];
    sources.push_back(encode_source(tokenizer_, framing_, text));
    if (sources.back().size() == framing_.source_begin.size() + framing_.source_close.size()) {
      results[i].texts = {""};
      continue;
    }
    if (std::ssize(sources.back()) >= longest) {
      if (overlong++ == 0) first_overlong = i + 1;
      sources.back() = encode_source(tokenizer_, framing_, text, longest);
    }
    sources.back().push_back(framing_.source_end);
    order.push_back(static_cast<int64_t>(i));
  }
  if (overlong > 0)
    log_warning(
        "truncated {} of {} sentences to the model's {} positions (the first is line {}); split them for the "
        "whole text",
        overlong, sentences.size(), model_.config().max_positions, first_overlong);
  const auto length = [&](int64_t row) { return sources[static_cast<size_t>(row)].size(); };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) < length(b); });
  auto done = static_cast<int64_t>(sentences.size() - order.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && static_cast<int64_t>((end + 1 - begin) * length(order[end])) <= config_.max_tokens)
      ++end;
    run_batch({order.begin() + static_cast<int64_t>(begin), order.begin() + static_cast<int64_t>(end)}, sources,
              results);
    done += static_cast<int64_t>(end - begin);
    if (progress) progress(done);
    begin = end;
  }
  return results;
}

void Translator::run_batch(const std::vector<int64_t>& rows, const std::vector<std::vector<int32_t>>& sources,
                           std::vector<Translation>& results) {
  const size_t columns = sources[static_cast<size_t>(rows.back())].size();
  std::vector<int32_t> ids, lengths;
  std::vector<GenerationRequest> requests;
  for (const int64_t row : rows) {
    const std::vector<int32_t>& source = sources[static_cast<size_t>(row)];
    ids.insert(ids.end(), source.begin(), source.end());
    ids.resize(ids.size() + columns - source.size(), model_.config().pad);
    lengths.push_back(static_cast<int32_t>(source.size()));
    requests.push_back({.source_length = static_cast<int64_t>(source.size()), .id = static_cast<uint64_t>(row)});
  }
  const Shape shape{static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns)};
  Seq2SeqStepper stepper(model_, Tensor::from(shape, ids), visible_columns(lengths, shape[1]));
  std::vector<std::vector<Hypothesis>> found = generate(stepper, requests, config_.generation);
  for (size_t i = 0; i < rows.size(); ++i) {
    Translation& result = results[static_cast<size_t>(rows[i])];
    result.source_tokens = lengths[i];
    result.hypotheses = std::move(found[i]);
    for (const Hypothesis& hypothesis : result.hypotheses) result.texts.push_back(tokenizer_.decode(hypothesis.tokens));
  }
}

}  // namespace lowbit
