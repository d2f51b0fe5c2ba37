#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// UTF-8 text: validity, code points, and the character classes that cleaning and metrics need. Unicode data: utf8proc.
/// Every function but find_invalid_utf8 expects valid UTF-8.
namespace lowbit {

/// Offset of the first byte that is not valid UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF),
/// or npos.
size_t find_invalid_utf8(std::string_view text);

/// The code point at `position`, which moves behind it.
char32_t next_code_point(std::string_view text, size_t& position);
void append_code_point(std::string& text, char32_t code_point);
int64_t count_code_points(std::string_view text);
std::u32string decode_utf8(std::string_view text);
std::string encode_utf8(std::u32string_view code_points);

bool is_space(char32_t c);        ///< white space as Python's str.isspace has it
bool is_letter(char32_t c);       ///< categories Lu, Ll, Lt, Lm, Lo
bool is_decimal(char32_t c);      ///< category Nd
bool is_number(char32_t c);       ///< categories Nd, Nl, No
bool is_punctuation(char32_t c);  ///< categories P*
bool is_symbol(char32_t c);       ///< categories S*

/// Lower case by Unicode's language-independent rules (section 3.13), as Python's str.lower: also U+0130, which becomes
/// i and a combining dot, and the capital sigma, which has another form at the end of a word.
std::string to_lower(std::string_view text);
std::string to_nfc(std::string_view text);  ///< canonical composition

std::string_view strip(std::string_view text);                     ///< without white space at both ends
std::vector<std::string_view> split_words(std::string_view text);  ///< the pieces between runs of white space
std::vector<std::string_view> split_graphemes(
    std::string_view text);  ///< extended grapheme clusters (Unicode annex 29)

}  // namespace lowbit
