#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowbit {

/// The two texts are of plausible length for translations of each other: (code points + 8) differ by less than `ratio`.
bool is_plausible_ratio(std::string_view a, std::string_view b, double ratio);

/// Rule-based sentence split of cleaned text: after . ! ? or an ellipsis before an upper-case letter or digit, but not
/// after an abbreviation of the language, a single letter, or a German ordinal. Languages without a list use the
/// English one.
std::vector<std::string> split_sentences(std::string_view text, std::string_view language);

using TextPair = std::pair<std::string, std::string>;

/// Sentence pairs when both sides have the same number of sentences with plausible ratios; else the one pair unchanged.
std::vector<TextPair> split_sentence_pairs(const std::string& source, const std::string& target,
                                           std::string_view source_language, std::string_view target_language);

}  // namespace lowbit
