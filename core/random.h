#pragma once

#include <array>
#include <cstdint>

#include "core/tensor.h"

namespace lowbit {

/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a pure function from (key,
/// counter) to 128 random bits. Element i of a random tensor depends on the key and i only, never on the number of
/// threads.
inline std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_low, uint64_t counter_high = 0) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32),
                               static_cast<uint32_t>(counter_high), static_cast<uint32_t>(counter_high >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0], p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

/// [0, 1) with 24 random bits.
inline float uniform_from_bits(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

/// The key of child `index` of `key`: independent streams from one seed.
inline uint64_t philox_key(uint64_t key, uint64_t index) {
  const auto bits = philox(key, index, 0x6368696c64000000ull);
  return static_cast<uint64_t>(bits[0]) << 32 | bits[1];
}

/// A stream of random draws whose whole state is (key, position): what a checkpoint stores.
struct RandomState {
  uint64_t key = 0;
  uint64_t position = 0;

  /// A fresh, independent key for one use (an initialiser, a dropout mask).
  uint64_t next_key() {
    const auto bits = philox(key, position++, 0x6b65790000000000ull);
    return static_cast<uint64_t>(bits[0]) << 32 | bits[1];
  }
  /// Uniform integer in [0, bound), bound > 0, by rejection: exactly uniform.
  uint64_t next_below(uint64_t bound);
};

/// Tensors of independent draws; f32 or f64.
Tensor random_uniform(const Shape& shape, double low, double high, uint64_t key, DType dtype = DType::f32);
Tensor random_normal(const Shape& shape, double mean, double stddev, uint64_t key, DType dtype = DType::f32);

}  // namespace lowbit
