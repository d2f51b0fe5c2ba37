#include "data/prepare/sentences.h"

#include <algorithm>
#include <map>
#include <set>

#include "data/text/regex.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

constexpr double kMaxSentenceRatio = 2.2;

using Abbreviations = std::set<std::string, std::less<>>;

/// Words that end in a full stop without ending a sentence, the stop left out.
const Abbreviations& abbreviations(std::string_view language) {
  static const std::map<std::string, Abbreviations, std::less<>> lists = {
      {"en", {"e.g", "i.e", "etc", "vs", "cf",   "approx", "no",   "vol",  "fig", "dr", "mr", "mrs", "st",
              "inc", "ltd", "co",  "jr", "prof", "al",     "resp", "incl", "ver", "v",  "p",  "pp"}},
      {"de", {"z.b", "d.h", "u.a", "z",   "b",  "d",   "h",    "etc", "bzw", "vgl",  "ca",
              "nr",  "bd",  "abb", "dr",  "hr", "fr",  "st",   "usw", "ggf", "evtl", "inkl",
              "sog", "u.u", "o.ä", "u.ä", "s",  "i.a", "resp", "max", "min", "mind", "engl"}},
      {"fr", {"p.ex", "p", "ex", "etc", "cf", "env", "n°", "no", "vol", "fig", "dr", "m", "mm", "st", "c.-à-d"}},
      {"it", {"es", "p.es", "ecc", "etc", "cfr", "vol", "n", "fig", "dott", "sig"}},
      {"es", {"p.ej", "ej", "etc", "cf", "vol", "n", "fig", "sr", "sra"}},
      {"ro", {"de", "ex", "d.p.d.v", "etc", "ș.a.m.d", "nr", "vol", "fig", "dl", "d.ex", "p"}},
      {"cs", {"např", "tj", "apod", "atd", "č", "tzv", "resp", "popř", "viz", "str", "obr", "mj", "př"}},
  };
  const auto list = lists.find(language);
  return list == lists.end() ? lists.find("en")->second : list->second;
}

std::string_view without_opening_quotes(std::string_view word) {
  static constexpr std::u32string_view kOpening = U"(\"„«“[";
  while (!word.empty()) {
    size_t next = 0;
    if (kOpening.find(next_code_point(word, next)) == std::u32string_view::npos) break;
    word.remove_prefix(next);
  }
  return word;
}

/// The text before a full stop ends in a word that keeps the sentence open.
bool ends_in_abbreviation(std::string_view before, std::string_view language) {
  const auto words = split_words(before);
  if (words.empty()) return false;
  const std::string word = to_lower(without_opening_quotes(words.back()));
  if (word.empty()) return false;
  if (abbreviations(language).contains(word)) return true;
  size_t next = 0;
  if (is_letter(next_code_point(word, next)) && next == word.size()) return true;
  if (language != "de") return false;
  for (size_t i = 0; i < word.size();)
    if (!is_decimal(next_code_point(word, i))) return false;
  return true;
}

void append_stripped(std::vector<std::string>& sentences, std::string_view text) {
  if (const std::string_view sentence = strip(text); !sentence.empty()) sentences.emplace_back(sentence);
}

}  // namespace

bool is_plausible_ratio(std::string_view a, std::string_view b, double ratio) {
  const double length_a = static_cast<double>(count_code_points(a) + 8),
               length_b = static_cast<double>(count_code_points(b) + 8);
  return length_a / length_b < ratio && length_b / length_a < ratio;
}

std::vector<std::string> split_sentences(std::string_view text, std::string_view language) {
  // Group 1: the end mark and closing quotes. A colon is matched, and passed over, so that what follows it is not cut
  // twice.
  static const Regex boundary(R"(([.!?:…]["»“”’')\]]*)\s+(?=["„«“‘(\[]*[A-ZÀ-ÖØ-ÞĂÂÎȘȚŠČŘŽĎŤŇŮĚŁŚŻŹĆ0-9]))");
  std::vector<std::string> sentences;
  size_t start = 0;
  for (auto match = boundary.search(text); match; match = boundary.search(text, match->end)) {
    const char mark = text[match->begin];
    if (mark == ':') continue;
    if (mark == '.' && ends_in_abbreviation(text.substr(start, match->begin - start), language)) continue;
    append_stripped(sentences, text.substr(start, match->group_end - start));
    start = match->end;
  }
  append_stripped(sentences, text.substr(start));
  return sentences;
}

std::vector<TextPair> split_sentence_pairs(const std::string& source, const std::string& target,
                                           std::string_view source_language, std::string_view target_language) {
  auto a = split_sentences(source, source_language), b = split_sentences(target, target_language);
  const bool aligned = a.size() == b.size() && a.size() > 1 &&
                       std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
                         return is_plausible_ratio(x, y, kMaxSentenceRatio);
                       });
  if (!aligned) return {{source, target}};
  std::vector<TextPair> pairs;
  for (size_t i = 0; i < a.size(); ++i) pairs.emplace_back(std::move(a[i]), std::move(b[i]));
  return pairs;
}

}  // namespace lowbit
