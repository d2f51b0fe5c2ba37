#pragma once

#include "core/philox.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace lowbit {
namespace {

constexpr int kPhiloxLanes = 16;
/// The words of all lanes are a tile of 16-bit draws: kPhiloxHalves for each lane.
constexpr int kPhiloxHalves = 8, kPhiloxTile = kPhiloxLanes * kPhiloxHalves;

/// Draw `half` of a lane.
[[gnu::always_inline]] inline uint32_t philox_half(const uint32_t (&words)[4][kPhiloxLanes], int64_t half,
                                                   int64_t lane) {
  return words[half / 2][lane] >> (half % 2 * 16) & 0xffffu;
}

/// words[w][lane] = philox(key, counter + lane)[w], for counters that are a multiple of kPhiloxLanes.
[[gnu::always_inline]] inline void philox_lanes(uint64_t key, uint64_t counter, uint32_t (&words)[4][kPhiloxLanes]) {
#ifdef __AVX2__
  // A word stands in the low half of a 64-bit lane, which is what the 32 x 32 -> 64 multiplication reads; its high half
  // holds left-overs. Even and odd counters are interleaved at the end. Three times the speed of the plain loop, whose
  // widening products the compiler packs and unpacks in every round.
  const __m256i multipliers[2] = {_mm256_set1_epi64x(kPhiloxMultipliers[0]), _mm256_set1_epi64x(kPhiloxMultipliers[1])};
  for (int first = 0; first < kPhiloxLanes; first += 8) {
    __m256i even[4], odd[4];
    even[0] = _mm256_add_epi64(_mm256_set1_epi64x(static_cast<int64_t>(counter & 0xffffffffu) + first),
                               _mm256_setr_epi64x(0, 2, 4, 6));
    odd[0] = _mm256_add_epi64(even[0], _mm256_set1_epi64x(1));
    even[1] = odd[1] = _mm256_set1_epi64x(static_cast<int64_t>(counter >> 32));
    even[2] = even[3] = odd[2] = odd[3] = _mm256_setzero_si256();
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const __m256i key0 = _mm256_set1_epi64x(k0), key1 = _mm256_set1_epi64x(k1);
      const auto step = [&](__m256i* c) {
        const __m256i p0 = _mm256_mul_epu32(c[0], multipliers[0]), p1 = _mm256_mul_epu32(c[2], multipliers[1]);
        c[0] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), key0), c[1]);
        c[1] = p1;
        c[2] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), key1), c[3]);
        c[3] = p0;
      };
      step(even);
      step(odd);
      k0 += kPhiloxWeyl[0];
      k1 += kPhiloxWeyl[1];
    }
    for (int w = 0; w < 4; ++w)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(words[w] + first),
                          _mm256_blend_epi32(even[w], _mm256_slli_epi64(odd[w], 32), 0xaa));
  }
#else
  for (int lane = 0; lane < kPhiloxLanes; ++lane) {
    const PhiloxBlock block = philox(key, counter + static_cast<uint64_t>(lane));
    for (int w = 0; w < 4; ++w) words[w][lane] = block.words[w];
  }
#endif
}

}  // namespace
}  // namespace lowbit
