#include "data/baselines.h"

#include <cmath>
#include <set>

#include "core/error.h"
#include "data/metrics/tokenizers.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

std::set<std::string> distinct_words(std::string_view line) {
  std::vector<std::string> tokens = tokenize_for_bleu(line, BleuTokenizer::v13a, /*lowercase=*/true);
  return {std::make_move_iterator(tokens.begin()), std::make_move_iterator(tokens.end())};
}

}  // namespace

std::string lead_words(std::string_view text, int64_t count) {
  std::string lead;
  for (const std::string_view word : split_words(text)) {
    if (count-- == 0) break;
    if (!lead.empty()) lead += ' ';
    lead += word;
  }
  return lead;
}

TranslationMemory::TranslationMemory(const std::vector<std::string>& sources, std::vector<std::string> targets)
    : targets_(std::move(targets)), row_weights_(sources.size()) {
  LB_REQUIRE(!sources.empty() && sources.size() == targets_.size(), ErrorKind::data, "translation memory",
             "{} sources and {} targets: both sides must have the same number of lines, at least one", sources.size(),
             targets_.size());
  for (size_t row = 0; row < sources.size(); ++row) {
    for (const std::string& text : distinct_words(sources[row])) {
      const auto [entry, is_new] = word_ids_.try_emplace(text, words_.size());
      if (is_new) words_.emplace_back();
      words_[entry->second].rows.push_back(static_cast<int32_t>(row));
    }
  }
  const auto rows = static_cast<double>(sources.size());
  for (Word& word : words_) {
    word.weight = std::log((rows + 1) / static_cast<double>(word.rows.size()));
    for (const int32_t row : word.rows) row_weights_[static_cast<size_t>(row)] += word.weight;
  }
}

int64_t TranslationMemory::nearest(std::string_view source) const {
  std::vector<double> shared(row_weights_.size());  // weight of the words that each row has in common with the source
  double source_weight = 0;
  for (const std::string& text : distinct_words(source)) {
    const auto found = word_ids_.find(text);
    if (found == word_ids_.end()) {
      source_weight += std::log(static_cast<double>(row_weights_.size()) + 1);
      continue;
    }
    const Word& word = words_[found->second];
    source_weight += word.weight;
    for (const int32_t row : word.rows) shared[static_cast<size_t>(row)] += word.weight;
  }
  size_t nearest = 0;
  double most = 0;
  for (size_t row = 0; row < shared.size(); ++row) {
    if (shared[row] == 0) continue;
    const double likeness = 2 * shared[row] / (source_weight + row_weights_[row]);
    if (likeness > most) {
      most = likeness;
      nearest = row;
    }
  }
  return static_cast<int64_t>(nearest);
}

}  // namespace lowbit
