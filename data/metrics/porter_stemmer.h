#pragma once

#include <string>
#include <string_view>

namespace lowbit {

/// Stem of an English word of the letters a-z (other characters count as consonants).
/// Source: Porter 1980, "An algorithm for suffix stripping", Program 14(3), with the extensions that ROUGE scores are
/// made with (NLTK's default mode): a list of irregular words, words of one or two letters kept, ies and ied to ie in
/// words of four letters, y to i only after a consonant that is not the first letter, alli stemmed twice, bli, fulli
/// and logi.
std::string porter_stem(std::string_view word);

}  // namespace lowbit
