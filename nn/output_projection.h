#pragma once

#include "nn/embedding.h"

namespace lowbit {

/// Logits over the rows of a token table, y = x E^T (+ b): the output projection tied to the embedding (Press and Wolf
/// 2017, arXiv:1608.05859). b is a constant, as Hugging Face's final_logits_bias is: zeros unless a file brings others.
/// Table and look-up share one latent matrix; the bits of the projection are its own, so E and O are two quantizers
/// over it, and frozen they are two sets of codes.
///   x [..., dim]    returns [..., rows]
/// Slots: weight, input.
class OutputProjection final : public Module {
 public:
  /// The latent table stays a parameter of `table`; a projection that stays in float while the table is frozen to codes
  /// takes it over.
  OutputProjection(Embedding& table, bool bias);

  Variable forward(const Variable& x, const ForwardContext& context, SourceLine at = SourceLine::here());
  WeightSlot& weight_slot() { return weight_.slot(); }

 private:
  QuantizedWeight weight_;
  Parameter bias_;
  QuantSlot input_slot_;
};

}  // namespace lowbit
