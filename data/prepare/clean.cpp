#include "data/prepare/clean.h"

#include "data/text/regex.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

bool is_invisible(char32_t c) {
  return c <= 0x08 || (c >= 0x0B && c <= 0x1F) || c == 0x7F || c == 0xAD ||  // controls, soft hyphen
         (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || c == 0xFEFF;
}

}  // namespace

std::string clean(std::string_view text) {
  const std::string composed = to_nfc(text);
  std::string result;
  result.reserve(composed.size());
  bool blank = false;  // one is due before the next visible character
  for (size_t i = 0; i < composed.size();) {
    const char32_t c = next_code_point(composed, i);
    if (is_invisible(c)) continue;
    if (is_space(c)) {
      blank = !result.empty();
      continue;
    }
    if (blank) result += ' ';
    blank = false;
    append_code_point(result, c);
  }
  return result;
}

std::string dedupe_key(std::string_view text) {
  static const Regex digits(R"(\d+)"), punctuation(R"([^\w\s])");
  return clean(punctuation.replace_all(digits.replace_all(to_lower(text), "0"), " "));
}

std::string template_key(std::string_view text) {
  static const Regex quoted(R"(["“„«»”'`‘’][^"“„«»”'`‘’]{1,60}["“„«»”'`‘’])");
  static const Regex identifier(R"(\S*[\d_/\\<>@:.-]\S*\w)");
  static const Regex acronym(R"(\b\w*[A-Z]\w*[A-Z]\w*\b)");
  return dedupe_key(acronym.replace_all(identifier.replace_all(quoted.replace_all(text, "X"), "X"), "X"));
}

int64_t count_text_tokens(std::string_view text) {
  static const Regex token(R"([^\W\d_]+|\d+|[^\w\s])");
  return token.count(text);
}

}  // namespace lowbit
