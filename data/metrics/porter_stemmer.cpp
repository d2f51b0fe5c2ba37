#include "data/metrics/porter_stemmer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace lowbit {
namespace {

bool is_consonant(std::string_view word, size_t i) {
  constexpr std::string_view kVowels = "aeiou";
  if (kVowels.find(word[i]) != std::string_view::npos) return false;
  return word[i] != 'y' || i == 0 || !is_consonant(word, i - 1);
}

/// Porter's m: how often a vowel is followed by a consonant.
int measure(std::string_view stem) {
  int m = 0;
  for (size_t i = 1; i < stem.size(); ++i) m += !is_consonant(stem, i - 1) && is_consonant(stem, i) ? 1 : 0;
  return m;
}

bool has_vowel(std::string_view stem) {
  for (size_t i = 0; i < stem.size(); ++i) {
    if (!is_consonant(stem, i)) return true;
  }
  return false;
}

bool ends_double_consonant(std::string_view word) {
  const size_t n = word.size();
  return n >= 2 && word[n - 1] == word[n - 2] && is_consonant(word, n - 1);
}

/// Porter's *o: consonant, vowel, consonant at the end, the last not w, x or y. Extension: also a vowel and a consonant
/// alone.
bool ends_short_syllable(std::string_view word) {
  const size_t n = word.size();
  if (n == 2) return !is_consonant(word, 0) && is_consonant(word, 1);
  return n > 2 && is_consonant(word, n - 3) && !is_consonant(word, n - 2) && is_consonant(word, n - 1) &&
         word[n - 1] != 'w' && word[n - 1] != 'x' && word[n - 1] != 'y';
}

using Condition = bool (*)(std::string_view stem);
bool always(std::string_view) { return true; }
bool has_measure_1(std::string_view stem) { return measure(stem) >= 1; }
bool has_measure_2(std::string_view stem) { return measure(stem) >= 2; }

struct Rule {
  std::string_view suffix, replacement;
  Condition condition;
};

/// The first rule whose suffix matches decides, also when its condition then leaves the word as it is.
std::string apply_rules(std::string_view word, std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    if (!word.ends_with(rule.suffix)) continue;
    const std::string_view stem = word.substr(0, word.size() - rule.suffix.size());
    return rule.condition(stem) ? std::string(stem) + std::string(rule.replacement) : std::string(word);
  }
  return std::string(word);
}

std::string plural(std::string_view word) {  // step 1a
  if (word.size() == 4 && word.ends_with("ies")) return std::string(word.substr(0, 3));
  constexpr std::array<Rule, 4> kRules = {{
      {"sses", "ss", always},
      {"ies", "i", always},
      {"ss", "ss", always},
      {"s", "", always},
  }};
  return apply_rules(word, kRules);
}

std::string repair(std::string_view stem) {  // of what -ed and -ing left: conflat(ed), hopp(ing), fil(ing)
  for (const std::string_view ending : {"at", "bl", "iz"}) {
    if (stem.ends_with(ending)) return std::string(stem) + "e";
  }
  if (ends_double_consonant(stem)) {
    const bool keeps = stem.back() == 'l' || stem.back() == 's' || stem.back() == 'z';
    return std::string(stem.substr(0, stem.size() - (keeps ? 0 : 1)));
  }
  return std::string(stem) + (measure(stem) == 1 && ends_short_syllable(stem) ? "e" : "");
}

std::string participle(std::string_view word) {  // step 1b
  const size_t n = word.size();
  if (word.ends_with("ied")) return std::string(word.substr(0, n - (n == 4 ? 1 : 2)));
  if (word.ends_with("eed")) return std::string(word.substr(0, n - (has_measure_1(word.substr(0, n - 3)) ? 1 : 0)));
  for (const std::string_view suffix : {"ed", "ing"}) {
    if (!word.ends_with(suffix)) continue;
    const std::string_view stem = word.substr(0, n - suffix.size());
    if (has_vowel(stem)) return repair(stem);
  }
  return std::string(word);
}

std::string final_y(std::string_view word) {  // step 1c
  const auto condition = [](std::string_view stem) { return stem.size() > 1 && is_consonant(stem, stem.size() - 1); };
  return apply_rules(word, std::array<Rule, 1>{{{"y", "i", condition}}});
}

std::string double_suffix(std::string_view word) {  // step 2
  if (word.ends_with("alli") && has_measure_1(word.substr(0, word.size() - 4))) {
    return double_suffix(word.substr(0, word.size() - 2));
  }
  // The measure for logi is taken with the l, so that the stem of "apologi" is long enough and that of "logi" too.
  const auto has_measure_1_with_l = [](std::string_view stem) { return has_measure_1(std::string(stem) + "l"); };
  const std::array<Rule, 21> rules = {{
      {"ational", "ate", has_measure_1}, {"tional", "tion", has_measure_1}, {"enci", "ence", has_measure_1},
      {"anci", "ance", has_measure_1},   {"izer", "ize", has_measure_1},    {"bli", "ble", has_measure_1},
      {"alli", "al", has_measure_1},     {"entli", "ent", has_measure_1},   {"eli", "e", has_measure_1},
      {"ousli", "ous", has_measure_1},   {"ization", "ize", has_measure_1}, {"ation", "ate", has_measure_1},
      {"ator", "ate", has_measure_1},    {"alism", "al", has_measure_1},    {"iveness", "ive", has_measure_1},
      {"fulness", "ful", has_measure_1}, {"ousness", "ous", has_measure_1}, {"aliti", "al", has_measure_1},
      {"iviti", "ive", has_measure_1},   {"biliti", "ble", has_measure_1},  {"fulli", "ful", has_measure_1},
  }};
  if (word.ends_with("logi")) return apply_rules(word, std::array<Rule, 1>{{{"logi", "log", has_measure_1_with_l}}});
  return apply_rules(word, rules);
}

std::string adjective_suffix(std::string_view word) {  // step 3
  constexpr std::array<Rule, 7> kRules = {{
      {"icate", "ic", has_measure_1},
      {"ative", "", has_measure_1},
      {"alize", "al", has_measure_1},
      {"iciti", "ic", has_measure_1},
      {"ical", "ic", has_measure_1},
      {"ful", "", has_measure_1},
      {"ness", "", has_measure_1},
  }};
  return apply_rules(word, kRules);
}

std::string single_suffix(std::string_view word) {  // step 4
  const auto ends_in_s_or_t = [](std::string_view stem) {
    return has_measure_2(stem) && (stem.back() == 's' || stem.back() == 't');
  };
  const std::array<Rule, 19> rules = {{
      {"al", "", has_measure_2},   {"ance", "", has_measure_2}, {"ence", "", has_measure_2},
      {"er", "", has_measure_2},   {"ic", "", has_measure_2},   {"able", "", has_measure_2},
      {"ible", "", has_measure_2}, {"ant", "", has_measure_2},  {"ement", "", has_measure_2},
      {"ment", "", has_measure_2}, {"ent", "", has_measure_2},  {"ion", "", ends_in_s_or_t},
      {"ou", "", has_measure_2},   {"ism", "", has_measure_2},  {"ate", "", has_measure_2},
      {"iti", "", has_measure_2},  {"ous", "", has_measure_2},  {"ive", "", has_measure_2},
      {"ize", "", has_measure_2},
  }};
  return apply_rules(word, rules);
}

std::string final_e_and_l(std::string_view word) {  // step 5
  const auto drops_e = [](std::string_view stem) {
    return measure(stem) > 1 || (measure(stem) == 1 && !ends_short_syllable(stem));
  };
  std::string result = apply_rules(word, std::array<Rule, 1>{{{"e", "", drops_e}}});
  if (result.ends_with("ll") && has_measure_2(std::string_view(result).substr(0, result.size() - 1))) result.pop_back();
  return result;
}

std::optional<std::string_view> irregular_stem(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kStems = {{
      {"sky", "sky"},
      {"skies", "sky"},
      {"dying", "die"},
      {"lying", "lie"},
      {"tying", "tie"},
      {"news", "news"},
      {"innings", "inning"},
      {"inning", "inning"},
      {"outings", "outing"},
      {"outing", "outing"},
      {"cannings", "canning"},
      {"canning", "canning"},
      {"howe", "howe"},
      {"proceed", "proceed"},
      {"exceed", "exceed"},
      {"succeed", "succeed"},
  }};
  const auto found = std::ranges::find(kStems, word, [](const auto& entry) { return entry.first; });
  if (found == kStems.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::string porter_stem(std::string_view word) {
  if (const auto stem = irregular_stem(word)) return std::string(*stem);
  if (word.size() <= 2) return std::string(word);
  std::string stem(word);
  for (const auto step : {plural, participle, final_y, double_suffix, adjective_suffix, single_suffix, final_e_and_l}) {
    stem = step(stem);
  }
  return stem;
}

}  // namespace lowbit
