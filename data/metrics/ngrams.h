#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lowbit {

/// A text as a sequence of token ids. The ids are char32_t, so that characters are their own ids, an n-gram of words or
/// of characters is a std::u32string_view, and the standard library compares and hashes both.
using TokenIds = std::u32string;

/// Gives equal tokens equal ids.
class TokenInterner {
 public:
  TokenIds ids(const std::vector<std::string>& tokens);

 private:
  std::unordered_map<std::string, char32_t> ids_;
};

/// How often each n-gram occurs. The keys point into the TokenIds that were counted.
using NgramCounts = std::unordered_map<std::u32string_view, int64_t>;

NgramCounts count_ngrams(std::u32string_view tokens, int order);

/// Sum over the n-grams of the smaller of both counts.
int64_t clipped_matches(const NgramCounts& hypothesis, const NgramCounts& reference);

/// How many n-grams a text of `tokens` tokens has.
inline int64_t ngram_total(size_t tokens, int order) {
  const auto n = static_cast<size_t>(order);
  return tokens < n ? 0 : static_cast<int64_t>(tokens - n + 1);
}

}  // namespace lowbit
