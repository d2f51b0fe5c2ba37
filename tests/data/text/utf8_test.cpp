#include "data/text/utf8.h"

#include <gtest/gtest.h>

namespace lowbit {
namespace {

constexpr size_t kValid = std::string_view::npos;

TEST(Utf8, EveryCodePointRoundTripsAndSurrogatesAreRefused) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    std::string text = "ab";
    if (surrogate)  // by hand: an encoder refuses them
      text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
               static_cast<char>(0x80 | (c & 0x3F))};
    else
      append_code_point(text, c);
    ASSERT_EQ(find_invalid_utf8(text), surrogate ? 2 : kValid) << static_cast<uint32_t>(c);
    if (surrogate) continue;
    size_t position = 2;
    ASSERT_EQ(next_code_point(text, position), c);
    ASSERT_EQ(position, text.size());
    ASSERT_EQ(count_code_points(text), 3);
  }
}

TEST(Utf8, NamesTheFirstBadByte) {
  const std::pair<std::string, size_t> cases[] = {
      {"", kValid},
      {"plain text that is longer than one word of the fast path", kValid},
      {"0123456789\x80", 10},        // a continuation byte alone
      {"0123456789\xC3", 10},        // cut short
      {"\xC3(", 0},                  // no continuation
      {"a\xC0\x80", 1},              // overlong NUL
      {"a\xE0\x80\xAF", 1},          // overlong slash
      {"\xF4\x90\x80\x80", 0},       // above U+10FFFF
      {"\xEF\xBB\xBF mark\xFF", 8},  // never valid
      {"caf\xE9 in Latin-1", 3},
  };
  for (const auto& [text, bad] : cases) EXPECT_EQ(find_invalid_utf8(text), bad) << text;
}

TEST(Utf8, StripAndSplitAtUnicodeBlanks) {
  EXPECT_EQ(strip("\u00a0 \t\u2003x y\u3000\n"), "x y");
  EXPECT_EQ(strip(" \u2028 "), "");
  EXPECT_EQ(strip("\u00e9"), "\u00e9");
  EXPECT_EQ(split_words(" a\u00a0b \u3000 c\u200b "), (std::vector<std::string_view>{"a", "b", "c\u200b"}));
  EXPECT_TRUE(split_words(" \t ").empty());
}

}  // namespace
}  // namespace lowbit
