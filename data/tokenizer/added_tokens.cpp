#include "data/tokenizer/added_tokens.h"

#include <bitset>

#include "data/text/utf8.h"

namespace lowbit {
namespace {

/// The longest token at the start of `text`, or null.
const AddedToken* longest_at(std::string_view text, std::span<const AddedToken> tokens) {
  const AddedToken* longest = nullptr;
  for (const AddedToken& token : tokens)
    if (text.starts_with(token.text) && (!longest || token.text.size() > longest->text.size())) longest = &token;
  return longest;
}

}  // namespace

bool is_white_space(char32_t c) { return is_space(c) && !(c >= 0x1c && c <= 0x1f); }

std::string_view strip_right(std::string_view text, bool (*is_of_class)(char32_t)) {
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (static_cast<uint8_t>(text[last]) & 0xc0) == 0x80) --last;
    size_t position = last;
    if (!is_of_class(next_code_point(text, position))) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

std::vector<TextPart> split_at_tokens(std::string_view text, std::span<const AddedToken> tokens) {
  std::bitset<256> first_bytes;
  for (const AddedToken& token : tokens) first_bytes.set(static_cast<uint8_t>(token.text.front()));
  std::vector<TextPart> parts;
  size_t begin = 0;
  const auto add_text = [&](std::string_view between) {
    if (!between.empty()) parts.push_back({.text = between});
  };
  for (size_t i = 0; i < text.size();) {
    const AddedToken* token = first_bytes[static_cast<uint8_t>(text[i])] ? longest_at(text.substr(i), tokens) : nullptr;
    if (!token) {
      ++i;
      continue;
    }
    const std::string_view before = text.substr(begin, i - begin);
    add_text(token->takes ? strip_right(before, token->takes) : before);
    parts.push_back({.token = token->id});
    begin = i += token->text.size();
  }
  add_text(text.substr(begin));
  return parts;
}

}  // namespace lowbit
