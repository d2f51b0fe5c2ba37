#pragma once

#include <cstddef>
#include <cstdint>

namespace lowbit {

/// 128 random bits.
struct PhiloxBlock {
  uint32_t words[4];
  [[gnu::always_inline]] uint32_t operator[](size_t i) const { return words[i]; }
};

/// The key of round r (0 to 9) is key + r * this, in each half.
inline constexpr uint32_t kPhiloxWeyl[2] = {0x9E3779B9, 0xBB67AE85};

/// One round of Philox4x32 with round key (k0, k1).
[[gnu::always_inline]] inline void philox_round(uint32_t& c0, uint32_t& c1, uint32_t& c2, uint32_t& c3, uint32_t k0,
                                                uint32_t k1) {
  const uint64_t p0 = uint64_t{0xD2511F53} * c0, p1 = uint64_t{0xCD9E8D57} * c2;
  c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
  c1 = static_cast<uint32_t>(p1);
  c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
  c3 = static_cast<uint32_t>(p0);
}

/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a pure function from (key,
/// counter) to 128 random bits. Element i of a random tensor depends on the key and i only, never on the number of
/// threads. Always inlined: kernel targets share no symbol.
[[gnu::always_inline]] inline PhiloxBlock philox(uint64_t key, uint64_t counter_low, uint64_t counter_high = 0) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  PhiloxBlock c = {{static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32),
                    static_cast<uint32_t>(counter_high), static_cast<uint32_t>(counter_high >> 32)}};
  for (int round = 0; round < 10; ++round) {
    philox_round(c.words[0], c.words[1], c.words[2], c.words[3], k0, k1);
    k0 += kPhiloxWeyl[0];
    k1 += kPhiloxWeyl[1];
  }
  return c;
}

/// philox() of kLanes consecutive counters from `counter` (a multiple of kLanes), word by word, in loops that
/// vectorise.
template <int kLanes>
[[gnu::always_inline]] inline void philox_lanes(uint64_t key, uint64_t counter, uint32_t (&words)[4][kLanes]) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int lane = 0; lane < kLanes; ++lane) {
    words[0][lane] = static_cast<uint32_t>(counter) + static_cast<uint32_t>(lane);
    words[1][lane] = static_cast<uint32_t>(counter >> 32);
    words[2][lane] = 0;
    words[3][lane] = 0;
  }
  for (int round = 0; round < 10; ++round) {
#pragma omp simd
    for (int lane = 0; lane < kLanes; ++lane)
      philox_round(words[0][lane], words[1][lane], words[2][lane], words[3][lane], k0, k1);
    k0 += kPhiloxWeyl[0];
    k1 += kPhiloxWeyl[1];
  }
}

}  // namespace lowbit
