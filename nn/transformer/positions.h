#pragma once

#include <optional>

#include "nn/quant/quantized_weight.h"
#include "nn/transformer/config.h"

namespace lowbit {

/// Position embeddings added to [B, T, D] token embeddings. Row p + 2 belongs to position p, as in fairseq and Hugging
/// Face (row 0 unused, row 1 the padding's). Sequences are padded on the right, so position = column.
/// Learned ones have a slot, weight.
class PositionEmbedding final : public Module {
 public:
  static constexpr int64_t kOffset = 2;

  PositionEmbedding(const TransformerConfig& config, uint64_t seed);
  /// x [B, T, D] plus the rows of positions first..first+T-1. Error beyond max_positions with learned positions.
  Variable add_to(const Variable& x, int64_t first, const ForwardContext& context);

 private:
  std::optional<QuantizedWeight> learned_;
  Variable sinusoids_;
  int64_t max_positions_;
};

/// [rows, dim]: row p = [sin(p w_i), cos(p w_i)], w_i = 10000^(-i / (dim/2 - 1)), halves concatenated (fairseq's
/// reading of Vaswani et al. 2017, 3.5); row 1 is zero.
Tensor sinusoidal_table(int64_t rows, int64_t dim);

}  // namespace lowbit
