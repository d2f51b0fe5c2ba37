#pragma once

#include <bit>
#include <cstdint>

namespace lowbit {

/// IEEE binary16 and bfloat16 as storage types: computed in f32, rounded to nearest even once per store.
struct f16 {
  uint16_t bits;
};
struct bf16 {
  uint16_t bits;
};

[[gnu::always_inline]] inline float to_float(bf16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
}

/// yes where condition, no elsewhere: by masks, because loops over conditional expressions are not always vectorised.
[[gnu::always_inline]] inline uint32_t select_bits(bool condition, uint32_t yes, uint32_t no) {
  const uint32_t mask = uint32_t{0} - static_cast<uint32_t>(condition);
  return (yes & mask) | (no & ~mask);
}

[[gnu::always_inline]] inline bf16 to_bf16(float x) {
  const uint32_t u = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  const bool nan = (u & 0x7fffffffu) > 0x7f800000u;  // stays NaN, whatever its payload
  return {static_cast<uint16_t>(select_bits(nan, (u >> 16) | 0x40u, rounded))};
}

[[gnu::always_inline]] inline float to_float(f16 x) {
  const uint32_t sign = static_cast<uint32_t>(x.bits & 0x8000u) << 16;
  const uint32_t magnitude = x.bits & 0x7fffu;
  // Scaling by 2^112 moves the f16 exponent bias (15) to that of f32 (127) and makes subnormals right.
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  uint32_t special = select_bits(magnitude >= 0x7c00u, 0x7f800000u, 0u);  // infinity, NaN: all exponent bits
  special |= select_bits(magnitude > 0x7c00u, 0x400000u, 0u);             // a quiet NaN, as the hardware makes it
  return std::bit_cast<float>(std::bit_cast<uint32_t>(scaled) | special | sign);
}

[[gnu::always_inline]] inline f16 to_f16(float x) {
  const uint32_t u = std::bit_cast<uint32_t>(x);
  const uint32_t sign = (u >> 16) & 0x8000u;
  const uint32_t magnitude = u & 0x7fffffffu;
  const uint32_t normal = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
  // Below 2^-14 the addition of 0.5 rounds at the f16 subnormal step 2^-24.
  const uint32_t subnormal = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
  const uint32_t nan = 0x7e00u | (magnitude >> 13 & 0x3ffu);
  uint32_t y = select_bits(magnitude < 0x38800000u, subnormal, normal);
  y = select_bits(magnitude >= 0x477ff000u, 0x7c00u, y);  // 65520 and above round to infinity
  y = select_bits(magnitude > 0x7f800000u, nan, y);
  return {static_cast<uint16_t>(sign | y)};
}

}  // namespace lowbit
