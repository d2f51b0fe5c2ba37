#include "data/metrics/chrf.h"

#include <fmt/format.h>

#include <vector>

#include "core/error.h"
#include "data/metrics/ngrams.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

/// Counts of one n-gram order.
struct OrderCounts {
  int64_t hypothesis = 0, reference = 0, matches = 0;
};
using Counts = std::vector<OrderCounts>;  ///< character orders, then word orders

bool is_ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// Words, with one mark of ASCII punctuation split off: the last character if it is one, else the first.
std::vector<std::string> separate_punctuation(std::string_view line) {
  std::vector<std::string> tokens;
  for (const std::string_view word : split_words(line)) {
    if (word.size() > 1 && is_ascii_punctuation(word.back())) {
      tokens.emplace_back(word.substr(0, word.size() - 1));
      tokens.emplace_back(1, word.back());
    } else if (word.size() > 1 && is_ascii_punctuation(word.front())) {
      tokens.emplace_back(1, word.front());
      tokens.emplace_back(word.substr(1));
    } else {
      tokens.emplace_back(word);
    }
  }
  return tokens;
}

/// N-gram counts of one line, by order.
class LineNgrams {
 public:
  LineNgrams(std::string_view line, const ChrfOptions& options, TokenInterner& interner) {
    const std::string text = options.lowercase ? to_lower(line) : std::string(line);
    characters_ = decode_utf8(text);
    std::erase_if(characters_, is_space);
    words_ = interner.ids(separate_punctuation(text));
    for (int order = 1; order <= options.char_order; ++order) counts_.push_back(count_ngrams(characters_, order));
    for (int order = 1; order <= options.word_order; ++order) counts_.push_back(count_ngrams(words_, order));
    for (int order = 1; order <= options.char_order; ++order) totals_.push_back(ngram_total(characters_.size(), order));
    for (int order = 1; order <= options.word_order; ++order) totals_.push_back(ngram_total(words_.size(), order));
  }
  // The counts point into the texts.
  LineNgrams(const LineNgrams&) = delete;
  LineNgrams& operator=(const LineNgrams&) = delete;

  Counts compare(const LineNgrams& reference) const {
    Counts counts(counts_.size());
    for (size_t n = 0; n < counts.size(); ++n) {
      // An order that the reference is too short for says nothing about the hypothesis.
      counts[n].hypothesis = reference.totals_[n] > 0 ? totals_[n] : 0;
      counts[n].reference = reference.totals_[n];
      counts[n].matches = clipped_matches(counts_[n], reference.counts_[n]);
    }
    return counts;
  }

 private:
  TokenIds characters_, words_;
  std::vector<NgramCounts> counts_;
  std::vector<int64_t> totals_;
};

double f_score(const Counts& counts, int beta) {
  double precision = 0, recall = 0;
  int orders = 0;
  for (const OrderCounts& order : counts) {
    if (order.hypothesis == 0 || order.reference == 0) continue;
    precision += static_cast<double>(order.matches) / static_cast<double>(order.hypothesis);
    recall += static_cast<double>(order.matches) / static_cast<double>(order.reference);
    ++orders;
  }
  if (precision + recall == 0) return 0;
  precision /= orders;
  recall /= orders;
  const double weight = static_cast<double>(beta) * beta;
  return 100 * (1 + weight) * precision * recall / (weight * precision + recall);
}

}  // namespace

ChrfScore corpus_chrf(const Lines& hypotheses, const ReferenceSets& references, const ChrfOptions& options) {
  LB_CHECK(options.char_order >= 1 && options.word_order >= 0 && options.beta >= 1, "chrf",
           "char_order and beta must be at least 1 and word_order at least 0, not {}, {} and {}", options.char_order,
           options.beta, options.word_order);
  check_corpus("chrf", hypotheses, references);
  Counts total(static_cast<size_t>(options.char_order + options.word_order));
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    TokenInterner interner;
    const LineNgrams hypothesis(hypotheses[i], options, interner);
    Counts best;
    double best_score = -1;
    for (const Lines& set : references) {
      const Counts counts = hypothesis.compare(LineNgrams(set[i], options, interner));
      const double score = f_score(counts, options.beta);
      if (score > best_score) {
        best_score = score;
        best = counts;
      }
    }
    for (size_t n = 0; n < total.size(); ++n) {
      total[n].hypothesis += best[n].hypothesis;
      total[n].reference += best[n].reference;
      total[n].matches += best[n].matches;
    }
  }
  ChrfScore chrf;
  chrf.score = f_score(total, options.beta);
  chrf.name = fmt::format("chrF{}{}", options.beta, std::string(static_cast<size_t>(options.word_order), '+'));
  chrf.signature = metric_signature(references, {{"case", options.lowercase ? "lc" : "mixed"},
                                                 {"eff", "yes"},
                                                 {"nc", std::to_string(options.char_order)},
                                                 {"nw", std::to_string(options.word_order)},
                                                 {"space", "no"}});
  return chrf;
}

}  // namespace lowbit
