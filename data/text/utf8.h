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

bool is_space(char32_t c);    ///< white space as Python's str.isspace, except the controls U+001C..U+001F
bool is_letter(char32_t c);   ///< categories Lu, Ll, Lt, Lm, Lo
bool is_decimal(char32_t c);  ///< category Nd

std::string to_lower(
    std::string_view text);                 ///< one code point to one code point: U+0130 becomes i, sigma has one form
std::string to_nfc(std::string_view text);  ///< canonical composition

std::string_view strip(std::string_view text);                     ///< without white space at both ends
std::vector<std::string_view> split_words(std::string_view text);  ///< the pieces between runs of white space

}  // namespace lowbit
