#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// How BLEU splits a line into tokens. The names in signatures are 13a, intl, char and none.
enum class BleuTokenizer {
  v13a,  ///< NIST mteval-v13a: ASCII punctuation apart, except inside numbers; four XML entities resolved
  intl,  ///< NIST mteval-v14 --international-tokenization: the same idea with Unicode's punctuation and symbol classes
  character,  ///< every character that is not white space
  none,       ///< white space only: the text is tokenized already
};

std::string_view name_of(BleuTokenizer tokenizer);

/// Inverse of name_of. Errors: ErrorKind::usage naming the nearest valid name.
BleuTokenizer bleu_tokenizer_from_name(std::string_view name);

/// Tokens of one line of valid UTF-8, each valid UTF-8.
/// Source: NIST mteval-v13a.pl and mteval-v14.pl, as restated by Post 2018, "A Call for Clarity in Reporting BLEU
/// Scores".
std::vector<std::string> tokenize_for_bleu(std::string_view line, BleuTokenizer tokenizer, bool lowercase = false);

}  // namespace lowbit
