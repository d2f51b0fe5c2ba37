#include "data/metrics/score.h"

#include <fmt/format.h>

#include <array>

#include "data/metrics/names.h"

namespace lowbit {
namespace {

using Scores = std::vector<MetricScore>;
using Scorer = Scores (*)(const Lines&, const ReferenceSets&, const ScoreOptions&);

Scores score_bleu(const Lines& hypotheses, const ReferenceSets& references, const ScoreOptions& options) {
  const BleuScore bleu = corpus_bleu(hypotheses, references, options.bleu);
  MetricScore result{"BLEU", bleu.score, bleu.signature, {}};
  for (size_t n = 0; n < bleu.precisions.size(); ++n) {
    result.details.emplace_back(fmt::format("precision_{}", n + 1), bleu.precisions[n]);
  }
  const auto hypothesis = static_cast<double>(bleu.hypothesis_length);
  const auto reference = static_cast<double>(bleu.reference_length);
  result.details.emplace_back("brevity_penalty", bleu.brevity_penalty);
  result.details.emplace_back("length_ratio", reference > 0 ? hypothesis / reference : 0);
  result.details.emplace_back("hypothesis_tokens", hypothesis);
  result.details.emplace_back("reference_tokens", reference);
  return {result};
}

Scores score_chrf(const Lines& hypotheses, const ReferenceSets& references, const ScoreOptions& options) {
  const ChrfScore chrf = corpus_chrf(hypotheses, references, options.chrf);
  return {{chrf.name, chrf.score, chrf.signature, {}}};
}

Scores score_chrf_plus_plus(const Lines& hypotheses, const ReferenceSets& references, const ScoreOptions& options) {
  ScoreOptions with_words = options;
  with_words.chrf.word_order = 2;
  return score_chrf(hypotheses, references, with_words);
}

Scores score_ter(const Lines& hypotheses, const ReferenceSets& references, const ScoreOptions& options) {
  const TerScore ter = corpus_ter(hypotheses, references, options.ter);
  return {{"TER", ter.score, ter.signature, {{"edits", ter.edits}, {"reference_words", ter.reference_length}}}};
}

Scores score_rouge(const Lines& hypotheses, const ReferenceSets& references, const ScoreOptions& options) {
  const RougeResult rouge = corpus_rouge(hypotheses, references, options.rouge);
  Scores scores;
  for (const RougeVariant variant : kRougeVariants) {
    const RougeScore& mean = rouge.mean[static_cast<size_t>(variant)];
    scores.push_back({std::string(name_of(variant)),
                      100 * mean.f1,
                      rouge.signature,
                      {{"precision", 100 * mean.precision},
                       {"recall", 100 * mean.recall},
                       {"mean_hypothesis_words", rouge.mean_length}}});
  }
  return scores;
}

constexpr NameTable<Scorer, 5> kMetrics = {{
    {"bleu", score_bleu},
    {"chrf", score_chrf},
    {"chrf++", score_chrf_plus_plus},
    {"ter", score_ter},
    {"rouge", score_rouge},
}};

}  // namespace

std::span<const std::string_view> metric_names() {
  static const auto names = [] {
    std::array<std::string_view, kMetrics.size()> result;
    for (size_t i = 0; i < result.size(); ++i) result[i] = kMetrics[i].first;
    return result;
  }();
  return names;
}

std::vector<MetricScore> score(std::string_view metric, const Lines& hypotheses, const ReferenceSets& references,
                               const ScoreOptions& options) {
  return value_by_name("score", "metric", metric, kMetrics)(hypotheses, references, options);
}

}  // namespace lowbit
