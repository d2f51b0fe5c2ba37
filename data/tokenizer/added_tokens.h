#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// A token that may stand written out in a text, as Hugging Face's tokenizers cut it out before they split the rest.
struct AddedToken {
  std::string text;
  int32_t id = 0;
  bool (*takes)(char32_t) = nullptr;  ///< white space, in this sense, before it goes along; null: stays
};

/// A stretch of a text: an added token's id, or -1 and what stands between two of them.
struct TextPart {
  int32_t token = -1;
  std::string_view text = {};
};

/// Cuts valid UTF-8 at the leftmost tokens, of two that start there at the longer one. No part is empty.
std::vector<TextPart> split_at_tokens(std::string_view text, std::span<const AddedToken> tokens);

/// Unicode's White_Space, as Hugging Face's tokenizers have it: is_space(), which is Python's, without U+001C to
/// U+001F.
bool is_white_space(char32_t c);
/// Without the characters at its end that are of a class.
std::string_view strip_right(std::string_view text, bool (*is_of_class)(char32_t));

}  // namespace lowbit
