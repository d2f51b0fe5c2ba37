#pragma once

#include <cstdint>

/// Sums over rows run in at most kRowBlocks contiguous blocks whose bounds depend on the number of rows only; the sums
/// of the blocks are then added in order. The bits are the same for any number of threads.
namespace lowbit {
namespace {

constexpr int64_t kRowBlocks = 64;

[[gnu::always_inline]] inline int64_t row_block_size(int64_t rows) {
  const int64_t size = (rows + kRowBlocks - 1) / kRowBlocks;
  return size < 16 ? 16 : size;
}
[[gnu::always_inline]] inline int64_t row_block_count(int64_t rows) {
  const int64_t size = row_block_size(rows);
  return (rows + size - 1) / size;
}

}  // namespace
}  // namespace lowbit
