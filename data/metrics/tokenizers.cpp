#include "data/metrics/tokenizers.h"

#include "data/text/utf8.h"

namespace lowbit {
namespace {

using CharacterClass = bool (*)(char32_t);

bool is_ascii_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_not_ascii_digit(char32_t c) { return !is_ascii_digit(c); }
bool is_not_number(char32_t c) { return !is_number(c); }
bool is_period_or_comma(char32_t c) { return c == U'.' || c == U','; }
bool is_dash(char32_t c) { return c == U'-'; }

/// All ASCII punctuation except the four that numbers and words may hold: apostrophe, comma, dash, period.
bool is_13a_separate(char32_t c) {
  return (c >= U'!' && c <= U'&') || (c >= U'(' && c <= U'+') || c == U'/' || (c >= U':' && c <= U'@') ||
         (c >= U'[' && c <= U'`') || (c >= U'{' && c <= U'~');
}

void replace_all(std::u32string& text, std::u32string_view from, std::u32string_view to) {
  for (size_t at = text.find(from); at != std::u32string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// A space on both sides of every character of the class.
std::u32string isolate(std::u32string_view text, CharacterClass is_member) {
  std::u32string result;
  for (const char32_t c : text) {
    if (is_member(c)) {
      result += {U' ', c, U' '};
    } else {
      result += c;
    }
  }
  return result;
}

enum class OuterSpace { before, after };

/// One pass from left to right over pairs of neighbours a, b of the two classes: "a b " or " a b". A pair uses up both
/// of its characters, as a substitution by a regular expression does, so "..." is one pair and a single.
std::u32string split_pairs(std::u32string_view text, CharacterClass is_first, CharacterClass is_second,
                           OuterSpace outer) {
  std::u32string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !is_first(text[i]) || !is_second(text[i + 1])) {
      result += text[i];
      continue;
    }
    if (outer == OuterSpace::before) result += U' ';
    result += {text[i], U' ', text[i + 1]};
    if (outer == OuterSpace::after) result += U' ';
    ++i;
  }
  return result;
}

std::u32string space_13a(std::u32string text) {
  replace_all(text, U"<skipped>", U"");
  replace_all(text, U"-\n", U"");
  replace_all(text, U"\n", U" ");
  replace_all(text, U"&quot;", U"\"");
  replace_all(text, U"&amp;", U"&");
  replace_all(text, U"&lt;", U"<");
  replace_all(text, U"&gt;", U">");
  // The outer spaces let a period or comma at either end have a neighbour.
  text = isolate(U' ' + text + U' ', is_13a_separate);
  text = split_pairs(text, is_not_ascii_digit, is_period_or_comma, OuterSpace::after);
  text = split_pairs(text, is_period_or_comma, is_not_ascii_digit, OuterSpace::before);
  return split_pairs(text, is_ascii_digit, is_dash, OuterSpace::after);
}

std::u32string space_intl(std::u32string_view text) {
  std::u32string result = split_pairs(text, is_not_number, is_punctuation, OuterSpace::after);
  result = split_pairs(result, is_punctuation, is_not_number, OuterSpace::before);
  return isolate(result, is_symbol);
}

std::u32string insert_spaces(std::u32string_view line, BleuTokenizer tokenizer) {
  switch (tokenizer) {
    case BleuTokenizer::v13a:
      return space_13a(std::u32string(line));
    case BleuTokenizer::intl:
      return space_intl(line);
    case BleuTokenizer::character:
      return isolate(line, [](char32_t) { return true; });
    case BleuTokenizer::none:
      break;
  }
  return std::u32string(line);
}

}  // namespace

std::vector<std::string> tokenize_for_bleu(std::string_view line, BleuTokenizer tokenizer, bool lowercase) {
  std::u32string text = decode_utf8(lowercase ? to_lower(line) : line);
  while (!text.empty() && is_space(text.back())) text.pop_back();
  const std::string spaced = encode_utf8(insert_spaces(text, tokenizer));
  const std::vector<std::string_view> words = split_words(spaced);
  return {words.begin(), words.end()};
}

}  // namespace lowbit
