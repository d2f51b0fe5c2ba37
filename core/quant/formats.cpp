#include "core/quant/formats.h"

#include "core/error.h"

namespace lowbit::formats {
namespace {

size_t groups(size_t count, size_t per_group) { return (count + per_group - 1) / per_group; }

void check_size(size_t got, size_t expected, const char* format) {
  LB_REQUIRE(got == expected, ErrorKind::model, format, "{} packed units where {} were expected", got, expected);
}

/// code + 1 of a ternary code.
uint32_t trit_of(int8_t code, const char* format) {
  LB_CHECK(code >= -1 && code <= 1, format, "{} is not a ternary code", static_cast<int>(code));
  return static_cast<uint32_t>(code + 1);
}
int8_t ternary_of(uint32_t trit, const char* format) {
  LB_REQUIRE(trit <= 2, ErrorKind::model, format, "field {} is not a ternary code: the data is corrupt", trit);
  return static_cast<int8_t>(static_cast<int>(trit) - 1);
}

bool is_negative(int8_t sign, const char* format) {
  LB_CHECK(sign == 1 || sign == -1, format, "{} is not a sign", static_cast<int>(sign));
  return sign < 0;
}

/// Place of code i in I2_S: byte and shift.
struct Place {
  size_t byte;
  int shift;
};
Place i2s_place(size_t i) { return {i / 128 * 32 + i % 32, static_cast<int>(6 - 2 * (i % 128 / 32))}; }

}  // namespace

std::vector<uint8_t> pack_i2s(std::span<const int8_t> codes) {
  std::vector<uint8_t> packed(groups(codes.size(), 128) * 32);
  for (size_t i = 0; i < packed.size() * 4; ++i) {
    const uint32_t field = trit_of(i < codes.size() ? codes[i] : int8_t{1}, "i2_s");
    const Place at = i2s_place(i);
    packed[at.byte] = static_cast<uint8_t>(packed[at.byte] | field << at.shift);
  }
  return packed;
}

std::vector<int8_t> unpack_i2s(std::span<const uint8_t> packed, int64_t count) {
  const size_t n = static_cast<size_t>(count);
  check_size(packed.size(), groups(n, 128) * 32, "i2_s");
  std::vector<int8_t> codes(n);
  for (size_t i = 0; i < n; ++i) {
    const Place at = i2s_place(i);
    codes[i] = ternary_of(packed[at.byte] >> at.shift & 3u, "i2_s");
  }
  return codes;
}

std::vector<uint8_t> pack_base3(std::span<const int8_t> codes) {
  std::vector<uint8_t> packed(groups(codes.size(), 5));
  for (size_t b = 0; b < packed.size(); ++b) {
    uint32_t byte = 0;
    for (size_t i = 5 * b; i < 5 * b + 5; ++i) byte = 3 * byte + (i < codes.size() ? trit_of(codes[i], "base3") : 0);
    packed[b] = static_cast<uint8_t>(byte);
  }
  return packed;
}

std::vector<int8_t> unpack_base3(std::span<const uint8_t> packed, int64_t count) {
  const size_t n = static_cast<size_t>(count);
  check_size(packed.size(), groups(n, 5), "base3");
  std::vector<int8_t> codes(n);
  for (size_t b = 0; b < packed.size(); ++b) {
    uint32_t rest = packed[b];
    LB_REQUIRE(rest < 243, ErrorKind::model, "base3", "byte {} at {} exceeds 3^5: the data is corrupt", rest, b);
    for (size_t i = 5 * b + 5; i-- > 5 * b; rest /= 3)
      if (i < n) codes[i] = ternary_of(rest % 3, "base3");
  }
  return codes;
}

std::vector<uint8_t> tl1_indices(std::span<const int8_t> codes) {
  LB_CHECK(codes.size() % 2 == 0, "tl1", "needs an even number of codes, not {}", codes.size());
  std::vector<uint8_t> indices;
  for (size_t i = 0; i < codes.size(); i += 2)
    indices.push_back(static_cast<uint8_t>(3 * trit_of(codes[i], "tl1") + trit_of(codes[i + 1], "tl1")));
  return indices;
}

std::vector<int8_t> from_tl1_indices(std::span<const uint8_t> indices) {
  std::vector<int8_t> codes;
  for (const uint8_t index : indices) {
    codes.push_back(ternary_of(index / 3u, "tl1"));
    codes.push_back(ternary_of(index % 3u, "tl1"));
  }
  return codes;
}

std::vector<uint32_t> pack_larq(std::span<const int8_t> signs) {
  std::vector<uint32_t> packed(groups(signs.size(), 32));
  for (size_t i = 0; i < signs.size(); ++i)
    if (is_negative(signs[i], "larq")) packed[i / 32] |= 1u << (i % 32);
  return packed;
}

std::vector<int8_t> unpack_larq(std::span<const uint32_t> packed, int64_t count) {
  const size_t n = static_cast<size_t>(count);
  check_size(packed.size(), groups(n, 32), "larq");
  std::vector<int8_t> signs(n);
  for (size_t i = 0; i < n; ++i) signs[i] = packed[i / 32] >> (i % 32) & 1u ? -1 : 1;
  return signs;
}

std::vector<uint8_t> pack_bcq(std::span<const int8_t> signs) {
  std::vector<uint8_t> packed(groups(signs.size(), 8));
  for (size_t i = 0; i < signs.size(); ++i)
    if (!is_negative(signs[i], "bcq")) packed[i / 8] = static_cast<uint8_t>(packed[i / 8] | 0x80u >> (i % 8));
  return packed;
}

std::vector<int8_t> unpack_bcq(std::span<const uint8_t> packed, int64_t count) {
  const size_t n = static_cast<size_t>(count);
  check_size(packed.size(), groups(n, 8), "bcq");
  std::vector<int8_t> signs(n);
  for (size_t i = 0; i < n; ++i) signs[i] = packed[i / 8] << (i % 8) & 0x80 ? 1 : -1;
  return signs;
}

}  // namespace lowbit::formats
