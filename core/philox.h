#pragma once

#include <cstddef>
#include <cstdint>

namespace lowbit {

/// 128 random bits.
struct PhiloxBlock {
  uint32_t words[4];
  [[gnu::always_inline]] uint32_t operator[](size_t i) const { return words[i]; }
};

/// Round r (0 to 9) multiplies by the first pair under the key plus r times the second.
inline constexpr uint32_t kPhiloxMultipliers[2] = {0xD2511F53, 0xCD9E8D57};
inline constexpr uint32_t kPhiloxWeyl[2] = {0x9E3779B9, 0xBB67AE85};

/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a pure function from (key,
/// counter) to 128 random bits. Element i of a random tensor depends on the key and i only, never on the number of
/// threads. Always inlined: kernel targets share no symbol.
[[gnu::always_inline]] inline PhiloxBlock philox(uint64_t key, uint64_t counter_low, uint64_t counter_high = 0) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  PhiloxBlock c = {{static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32),
                    static_cast<uint32_t>(counter_high), static_cast<uint32_t>(counter_high >> 32)}};
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{kPhiloxMultipliers[0]} * c.words[0], p1 = uint64_t{kPhiloxMultipliers[1]} * c.words[2];
    c = {{static_cast<uint32_t>(p1 >> 32) ^ c.words[1] ^ k0, static_cast<uint32_t>(p1),
          static_cast<uint32_t>(p0 >> 32) ^ c.words[3] ^ k1, static_cast<uint32_t>(p0)}};
    k0 += kPhiloxWeyl[0];
    k1 += kPhiloxWeyl[1];
  }
  return c;
}

}  // namespace lowbit
