#include "core/files/crc32.h"

#include <gtest/gtest.h>

#include <string_view>

namespace lowbit {
namespace {

uint32_t of(std::string_view text, uint32_t so_far = 0) { return crc32(std::as_bytes(std::span(text)), so_far); }

/// Bit by bit, as the polynomial says.
uint32_t slowly(std::string_view text) {
  uint32_t crc = 0xffffffff;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

TEST(Crc32, GivesThePublishedCheckValue) {
  EXPECT_EQ(of("123456789"), 0xcbf43926u);
  EXPECT_EQ(of(""), 0u);
}

TEST(Crc32, IsTheSameInPiecesAndBitByBit) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(of(text), slowly(text)) << i;
    for (size_t cut = 0; cut <= text.size(); cut += 7)
      EXPECT_EQ(of(std::string_view(text).substr(cut), of(std::string_view(text).substr(0, cut))), slowly(text));
    text.push_back(static_cast<char>(i * 37 + 11));
  }
}

}  // namespace
}  // namespace lowbit
