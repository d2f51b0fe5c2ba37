#pragma once

#include "nn/generate/config.h"
#include "nn/generate/stepper.h"
#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// The search with the special ids of the model's vocabulary, up to its last position.
GenerationConfig generation_for(const TransformerConfig& model, GenerationConfig config);

/// Drives a Seq2Seq one target position at a time, with cached keys and values, for the searches in nn/generate. Works
/// on float, quantized and frozen models alike.
class Seq2SeqStepper final : public Stepper {
 public:
  /// Encodes source [B, S] i32 with visible [B, S] u8; row b of the first step() continues sentence b.
  Seq2SeqStepper(Seq2Seq& model, const Tensor& source, const Tensor& visible);

  Tensor step(const std::vector<int32_t>& tokens) override;
  void reorder(const std::vector<int32_t>& source) override;

 private:
  Seq2Seq& model_;
  EncoderOutput memory_;
  Decoder::Cache cache_;
};

}  // namespace lowbit
