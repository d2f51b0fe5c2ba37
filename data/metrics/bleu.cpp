#include "data/metrics/bleu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "data/metrics/ngrams.h"

namespace lowbit {
namespace {

constexpr int kOrders = BleuScore::kOrders;

struct Counts {
  std::array<double, kOrders> matches{}, totals{};
};

double smoothing_value(const BleuOptions& options) {
  constexpr double kFloorDefault = 0.1, kAddDefault = 1.0;  // sacreBLEU's
  return options.smoothing_value.value_or(options.smoothing == BleuSmoothing::floor ? kFloorDefault : kAddDefault);
}

/// Adds one line's n-gram matches, each clipped by the largest count in any one reference.
void add_line(const TokenIds& hypothesis, const std::vector<TokenIds>& references, Counts& counts) {
  for (int order = 1; order <= kOrders; ++order) {
    NgramCounts most;
    for (const TokenIds& reference : references) {
      for (const auto& [ngram, count] : count_ngrams(reference, order)) {
        int64_t& largest = most[ngram];
        largest = std::max(largest, count);
      }
    }
    const auto n = static_cast<size_t>(order - 1);
    counts.matches[n] += static_cast<double>(clipped_matches(count_ngrams(hypothesis, order), most));
    counts.totals[n] += static_cast<double>(ngram_total(hypothesis.size(), order));
  }
}

int64_t nearest_length(size_t hypothesis, const std::vector<TokenIds>& references) {
  const auto target = static_cast<int64_t>(hypothesis);
  auto nearest = static_cast<int64_t>(references.front().size());
  for (const TokenIds& reference : references) {
    const auto length = static_cast<int64_t>(reference.size());
    const int64_t distance = std::abs(length - target), least = std::abs(nearest - target);
    if (distance < least || (distance == least && length < nearest)) nearest = length;
  }
  return nearest;
}

/// Fills score and precisions from the counts. Lengths and brevity penalty are set already.
void finish(Counts counts, const BleuOptions& options, BleuScore& bleu) {
  if (std::ranges::all_of(counts.matches, [](double matches) { return matches == 0; })) return;
  int effective_order = kOrders;
  double exp_divisor = 1;
  for (int order = 1; order <= kOrders; ++order) {
    const auto n = static_cast<size_t>(order - 1);
    if (options.smoothing == BleuSmoothing::add_k && order > 1) {
      counts.matches[n] += smoothing_value(options);
      counts.totals[n] += smoothing_value(options);
    }
    if (counts.totals[n] == 0) break;
    if (options.effective_order) effective_order = order;
    double matches = counts.matches[n];
    if (matches == 0 && options.smoothing == BleuSmoothing::exp) matches = 1 / (exp_divisor *= 2);
    if (matches == 0 && options.smoothing == BleuSmoothing::floor) matches = smoothing_value(options);
    bleu.precisions[n] = 100 * matches / counts.totals[n];
  }
  double log_sum = 0;  // minus infinity when a precision is 0, which gives a score of 0
  for (int n = 0; n < effective_order; ++n) log_sum += std::log(bleu.precisions[static_cast<size_t>(n)]);
  bleu.score = bleu.brevity_penalty * std::exp(log_sum / effective_order);
}

std::string signature(const ReferenceSets& references, const BleuOptions& options) {
  std::string smoothing(name_of_value(options.smoothing, kBleuSmoothings));
  if (options.smoothing == BleuSmoothing::floor || options.smoothing == BleuSmoothing::add_k) {
    smoothing += fmt::format("[{:.2f}]", smoothing_value(options));
  }
  return metric_signature(references, {{"case", options.lowercase ? "lc" : "mixed"},
                                       {"eff", options.effective_order ? "yes" : "no"},
                                       {"tok", std::string(name_of_value(options.tokenizer, kBleuTokenizers))},
                                       {"smooth", smoothing}});
}

}  // namespace

BleuScore corpus_bleu(const Lines& hypotheses, const ReferenceSets& references, const BleuOptions& options) {
  check_corpus("bleu", hypotheses, references);
  BleuScore bleu;
  Counts counts;
  TokenInterner interner;
  const auto tokenize = [&](const std::string& line) {
    return interner.ids(tokenize_for_bleu(line, options.tokenizer, options.lowercase));
  };
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const TokenIds hypothesis = tokenize(hypotheses[i]);
    std::vector<TokenIds> line_references;
    for (const Lines& set : references) line_references.push_back(tokenize(set[i]));
    add_line(hypothesis, line_references, counts);
    bleu.hypothesis_length += static_cast<int64_t>(hypothesis.size());
    bleu.reference_length += nearest_length(hypothesis.size(), line_references);
  }
  if (bleu.hypothesis_length >= bleu.reference_length) {
    bleu.brevity_penalty = 1;
  } else if (bleu.hypothesis_length > 0) {
    bleu.brevity_penalty =
        std::exp(1 - static_cast<double>(bleu.reference_length) / static_cast<double>(bleu.hypothesis_length));
  }
  finish(counts, options, bleu);
  bleu.signature = signature(references, options);
  return bleu;
}

}  // namespace lowbit
