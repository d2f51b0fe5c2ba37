#pragma once

#include <cstdint>
#include <vector>

namespace lowbit {

/// What one forward pass of a sequence-to-sequence model eats. Matrices are row-major and padded on the right.
///   source      [B, S]  tokens, eos
///   target_in   [B, T]  start id, tokens          what the decoder reads (teacher forcing)
///   target_out  [B, T]  tokens, eos               what it should say; pad at the places that do not count
struct Batch {
  int64_t rows = 0;           ///< B
  int64_t source_length = 0;  ///< S, the longest source
  int64_t target_length = 0;  ///< T
  std::vector<int32_t> source, target_in, target_out;
  std::vector<int32_t> source_lengths, target_lengths;  ///< [B] without padding, eos counted
  int64_t source_tokens = 0, target_tokens = 0;  ///< sums of the lengths: the loss is normalised by target_tokens
  std::vector<int64_t> row_ids;                  ///< [B] rows of the dataset, for reports
};

}  // namespace lowbit
