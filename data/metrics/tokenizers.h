#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/metrics/names.h"

namespace lowbit {

/// How BLEU splits a line into tokens.
enum class BleuTokenizer {
  v13a,  ///< NIST mteval-v13a: ASCII punctuation apart, except inside numbers; four XML entities resolved
  intl,  ///< NIST mteval-v14 --international-tokenization: the same idea with Unicode's punctuation and symbol classes
  character,  ///< every character that is not white space
  none,       ///< white space only: the text is tokenized already
};

inline constexpr NameTable<BleuTokenizer, 4> kBleuTokenizers = {{
    {"13a", BleuTokenizer::v13a},
    {"intl", BleuTokenizer::intl},
    {"char", BleuTokenizer::character},
    {"none", BleuTokenizer::none},
}};

/// Tokens of one line of valid UTF-8, each valid UTF-8.
/// Source: NIST mteval-v13a.pl and mteval-v14.pl, as restated by Post 2018, "A Call for Clarity in Reporting BLEU
/// Scores".
std::vector<std::string> tokenize_for_bleu(std::string_view line, BleuTokenizer tokenizer, bool lowercase = false);

}  // namespace lowbit
