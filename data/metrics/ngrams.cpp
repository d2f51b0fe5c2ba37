#include "data/metrics/ngrams.h"

#include <algorithm>

namespace lowbit {

TokenIds TokenInterner::ids(const std::vector<std::string>& tokens) {
  TokenIds result;
  result.reserve(tokens.size());
  for (const std::string& token : tokens) {
    result.push_back(ids_.try_emplace(token, static_cast<char32_t>(ids_.size())).first->second);
  }
  return result;
}

NgramCounts count_ngrams(std::u32string_view tokens, int order) {
  const int64_t total = ngram_total(tokens.size(), order);
  NgramCounts counts;
  counts.reserve(static_cast<size_t>(total));
  for (int64_t i = 0; i < total; ++i) ++counts[tokens.substr(static_cast<size_t>(i), static_cast<size_t>(order))];
  return counts;
}

int64_t clipped_matches(const NgramCounts& hypothesis, const NgramCounts& reference) {
  int64_t matches = 0;
  for (const auto& [ngram, count] : hypothesis) {
    const auto found = reference.find(ngram);
    if (found != reference.end()) matches += std::min(count, found->second);
  }
  return matches;
}

}  // namespace lowbit
