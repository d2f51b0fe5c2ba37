#pragma once

#include <cstring>

#include "core/kernels/cpu/simd.h"
#include "core/kernels/quantize.h"

/// How the quantizers go over groups of elements: which ones in parallel, folded in which order. Internal linkage
/// throughout (see simd.h).
namespace lowbit {
namespace {

constexpr int64_t kChunk = 4096;     // elements that stay in the L1 cache between the passes over them
constexpr int64_t kMaxBlocks = 128;  // of a group that threads may share

/// chunk(begin, n) over the runs of kChunk elements of a group.
template <class Fn>
void for_each_chunk(int64_t n, bool parallel, Fn chunk) {
  parallel_for((n + kChunk - 1) / kChunk, parallel,
               [&](int64_t i) { chunk(i * kChunk, n - i * kChunk < kChunk ? n - i * kChunk : kChunk); });
}

/// Folds a group: chunk(begin, n) -> Partial, added with += in an order that depends on n only.
template <class Partial, class Fn>
Partial fold(int64_t n, bool parallel, Fn chunk) {
  if (n <= kChunk) return n ? chunk(0, n) : Partial{};
  const int64_t chunks = (n + kChunk - 1) / kChunk, blocks = chunks < kMaxBlocks ? chunks : kMaxBlocks;
  Partial partial[kMaxBlocks];
  parallel_for(blocks, parallel, [&](int64_t b) {
    const int64_t first = b * chunks / blocks * kChunk, last = (b + 1) * chunks / blocks * kChunk;
    for_each_chunk((last < n ? last : n) - first, false,
                   [&](int64_t begin, int64_t size) { partial[b] += chunk(first + begin, size); });
  });
  for (int64_t b = 1; b < blocks; ++b) partial[0] += partial[b];
  return partial[0];
}

/// fn(group, parallel): groups run in parallel, eight to a task so that no two tasks share a byte of a bit mask; a
/// single group is told to run in parallel itself.
template <class Fn>
void for_each_group(Groups groups, Fn fn) {
  const bool parallel = groups.count * groups.size > kParallelElements;
  if (groups.count == 1) return fn(0, parallel);
  parallel_for((groups.count + 7) / 8, parallel, [&](int64_t task) {
    for (int64_t g = task * 8; g < task * 8 + 8 && g < groups.count; ++g) fn(g, false);
  });
}

inline float abs(float x) { return __builtin_fabsf(x); }
inline int32_t bits_of(float x) {
  int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline float float_of(int32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// Nearest integer, ties to even, of |x| < 2^22: adding 1.5 * 2^23 leaves the integer in the low bits.
inline float magic_round(float x) { return x + 12582912.0f; }
inline int32_t round_to_int(float x) { return bits_of(magic_round(x)) - bits_of(12582912.0f); }

}  // namespace
}  // namespace lowbit
