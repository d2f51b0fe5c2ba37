#include "data/text/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/error.h"

namespace lowbit {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

const utf8proc_uint8_t* bytes(std::string_view text) { return reinterpret_cast<const utf8proc_uint8_t*>(text.data()); }

utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

/// Letters with a case and what else has case mappings, as Roman numerals do.
bool is_cased(char32_t c) {
  const auto code_point = static_cast<utf8proc_int32_t>(c);
  return (category(c) >= UTF8PROC_CATEGORY_LU && category(c) <= UTF8PROC_CATEGORY_LT) ||
         utf8proc_tolower(code_point) != code_point || utf8proc_toupper(code_point) != code_point;
}

/// Unicode 3.13, D136: marks, formats, modifiers, and the punctuation that word breaking lets stand inside a word.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      constexpr std::u32string_view kInsideWords =
          U"'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";
      return kInsideWords.find(c) != std::u32string_view::npos;
  }
}

/// Unicode 3.13, condition Final_Sigma: a cased letter before and none after, ignorable characters skipped on both
/// sides.
bool is_final_sigma(std::u32string_view text, size_t position) {
  size_t before = position;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  size_t after = position + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

}  // namespace

size_t find_invalid_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    uint64_t word;
    if (i + sizeof(word) <= text.size()) {
      std::memcpy(&word, text.data() + i, sizeof(word));
      if ((word & 0x8080808080808080u) == 0) {
        i += sizeof(word);
        continue;
      }
    }
    utf8proc_int32_t code_point;
    const auto length = utf8proc_iterate(bytes(text) + i, static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    if (length <= 0) return i;
    i += static_cast<size_t>(length);
  }
  return std::string_view::npos;
}

char32_t next_code_point(std::string_view text, size_t& position) {
  const auto lead = static_cast<unsigned char>(text[position]);
  if (lead < 0x80) {
    ++position;
    return lead;
  }
  utf8proc_int32_t code_point;
  const auto length =
      utf8proc_iterate(bytes(text) + position, static_cast<utf8proc_ssize_t>(text.size() - position), &code_point);
  LB_CHECK(length > 0, "next_code_point", "text must be valid UTF-8; byte {} is not", position);
  position += static_cast<size_t>(length);
  return static_cast<char32_t>(code_point);
}

void append_code_point(std::string& text, char32_t code_point) {
  utf8proc_uint8_t encoded[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), encoded);
  text.append(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
}

int64_t count_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::u32string decode_utf8(std::string_view text) {
  std::u32string code_points;
  code_points.reserve(text.size());
  for (size_t i = 0; i < text.size();) code_points += next_code_point(text, i);
  return code_points;
}

std::string encode_utf8(std::u32string_view code_points) {
  std::string text;
  text.reserve(code_points.size());
  for (const char32_t c : code_points) append_code_point(text, c);
  return text;
}

bool is_space(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_letter(char32_t c) { return category(c) >= UTF8PROC_CATEGORY_LU && category(c) <= UTF8PROC_CATEGORY_LO; }
bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }
bool is_number(char32_t c) { return category(c) >= UTF8PROC_CATEGORY_ND && category(c) <= UTF8PROC_CATEGORY_NO; }
bool is_punctuation(char32_t c) { return category(c) >= UTF8PROC_CATEGORY_PC && category(c) <= UTF8PROC_CATEGORY_PO; }
bool is_symbol(char32_t c) { return category(c) >= UTF8PROC_CATEGORY_SM && category(c) <= UTF8PROC_CATEGORY_SO; }

std::string to_lower(std::string_view text) {
  constexpr char32_t kCapitalIWithDot = 0x130, kDotAbove = 0x307, kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;
  const std::u32string code_points = decode_utf8(text);
  std::string lower;
  lower.reserve(text.size());
  for (size_t i = 0; i < code_points.size(); ++i) {
    const char32_t c = code_points[i];
    if (c == kCapitalSigma && is_final_sigma(code_points, i)) {
      append_code_point(lower, kFinalSigma);
    } else if (c == kCapitalIWithDot) {
      append_code_point(lower, U'i');
      append_code_point(lower, kDotAbove);
    } else {
      append_code_point(lower, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    }
  }
  return lower;
}

std::string to_nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  utf8proc_uint8_t* composed = nullptr;
  const auto length = utf8proc_map(bytes(text), static_cast<utf8proc_ssize_t>(text.size()), &composed,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  LB_CHECK(length >= 0, "to_nfc", "{}", utf8proc_errmsg(length));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(composed, &std::free);
  return std::string(reinterpret_cast<const char*>(composed), static_cast<size_t>(length));
}

std::string_view strip(std::string_view text) {
  while (!text.empty()) {
    size_t next = 0;
    if (!is_space(next_code_point(text, next))) break;
    text.remove_prefix(next);
  }
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;  // back over continuation bytes
    size_t next = last;
    if (!is_space(next_code_point(text, next))) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t word = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    if (!is_space(next_code_point(text, i))) continue;
    if (start > word) words.push_back(text.substr(word, start - word));
    word = i;
  }
  if (text.size() > word) words.push_back(text.substr(word));
  return words;
}

std::vector<std::string_view> split_graphemes(std::string_view text) {
  std::vector<std::string_view> clusters;
  utf8proc_int32_t state = 0, last = 0;
  size_t begin = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t here = i;
    const auto c = static_cast<utf8proc_int32_t>(next_code_point(text, i));
    if (here > 0 && utf8proc_grapheme_break_stateful(last, c, &state)) {
      clusters.push_back(text.substr(begin, here - begin));
      begin = here;
    }
    last = c;
  }
  if (!text.empty()) clusters.push_back(text.substr(begin));
  return clusters;
}

}  // namespace lowbit
