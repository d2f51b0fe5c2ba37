#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "core/philox.h"
#include "core/tensor.h"

namespace lowbit {

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
  /// [0, 1) with 53 random bits.
  double next_uniform() { return static_cast<double>(next_key() >> 11) * 0x1p-53; }
};

/// Fisher and Yates: every permutation with the same probability.
template <class T>
void shuffle(std::span<T> items, RandomState& random) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.next_below(i)]);
}

/// Tensors of independent draws; f32 or f64.
Tensor random_uniform(const Shape& shape, double low, double high, uint64_t key, DType dtype = DType::f32);
Tensor random_normal(const Shape& shape, double mean, double stddev, uint64_t key, DType dtype = DType::f32);

}  // namespace lowbit
