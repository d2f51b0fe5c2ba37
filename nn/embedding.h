#pragma once

#include "nn/quant/quantized_weight.h"

namespace lowbit {

struct EmbeddingConfig {
  int64_t rows = 0, dim = 0;
  int32_t padding_id = -1;  ///< this row starts at zero and gets no gradient; -1: none
  double scale = 1;         ///< of the result: sqrt(dim) in the original transformer
  double init_stddev = 1;   ///< rows are N(0, stddev)
  bool init = true;         ///< false: undefined, to be loaded
};

/// Rows of a weight as its slot gives them: codes once frozen; encoded alone where the quantizer works by row.
///   ids i32 [...]    returns f32 [..., columns]
Variable look_up(QuantizedWeight& weight, const Tensor& ids, int32_t padding_id, const ForwardContext& context,
                 SourceLine at = SourceLine::here());

/// Table look-up with one slot, weight. With a quantizer by row, only the rows looked up are encoded; their gradient
/// goes straight through to the latent table.
///   ids i32 [...]    returns f32 [..., dim]
/// Errors: ids outside the table.
class Embedding final : public Module {
 public:
  Embedding(const EmbeddingConfig& config, uint64_t seed);

  Variable forward(const Tensor& ids, const ForwardContext& context, SourceLine at = SourceLine::here());

  const EmbeddingConfig& config() const { return config_; }
  /// The latent table [rows, dim]; no value once frozen.
  Parameter& weight() { return weight_.parameter(); }
  WeightSlot& weight_slot() { return weight_.slot(); }

 private:
  friend class OutputProjection;  // ties its weight to this one

  EmbeddingConfig config_;
  QuantizedWeight weight_;
};

}  // namespace lowbit
