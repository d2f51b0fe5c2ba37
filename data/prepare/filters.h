#pragma once

#include <cstdint>
#include <string_view>

namespace lowbit {

struct FilterOptions {
  int64_t min_words = 3;     ///< of the source
  int64_t max_words = 100;   ///< of the source; the target may have half as many again
  double max_ratio = 2.2;    ///< (code points + 8) of the longer side over the shorter
  double min_letters = 0.6;  ///< share of letters among the characters that are not blanks, on both sides
  double max_copied = 0.6;   ///< share of the target's words that occur in the source: more is untranslated
};

enum class Rejection : uint8_t { none, words, ratio, letters, copied, garbled };
std::string_view to_string(Rejection reason);

/// Why a cleaned pair is not training material; `none` if it is. Garbled: U+FFFD, or an address with hardly a word
/// around it.
Rejection check_pair(std::string_view source, std::string_view target, const FilterOptions& options);

}  // namespace lowbit
