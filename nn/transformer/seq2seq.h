#pragma once

#include <memory>
#include <vector>

#include "nn/embedding.h"
#include "nn/output_projection.h"
#include "nn/transformer/layers.h"
#include "nn/transformer/positions.h"

namespace lowbit {

/// Intermediate results that distillation compares: states [B, T, D] (embeddings first, then each layer) and
/// probabilities before dropout [B, H, T, S] (each layer).
struct StackTrace {
  bool with_probs = true;  ///< false: only hidden is filled
  std::vector<Variable> hidden, self_probs, cross_probs;
};

/// Encoder states and the mask that goes with them.
struct EncoderOutput {
  Variable states;     ///< [B, S, D]
  AttentionMask mask;  ///< padding of the source
};

/// What both stacks share: embeddings in, norm out.
class StackEnds {
 protected:
  StackEnds(const TransformerConfig& config, uint64_t seed);
  Variable embed(const Tensor& ids, int64_t first_position, Embedding& tokens, const ForwardContext& ctx);
  Variable finish(const Variable& x) const { return layer_norm_ ? layer_norm_->forward(x) : x; }

  PositionEmbedding positions_;
  std::unique_ptr<LayerNorm> layernorm_embedding_, layer_norm_;
  double dropout_;
};

class Encoder final : public Module, private StackEnds {
 public:
  Encoder(const TransformerConfig& config, Embedding& tokens, uint64_t seed);
  EncoderOutput forward(const Tensor& ids, const Tensor& visible, const ForwardContext& ctx,
                        StackTrace* trace = nullptr);

 private:
  Embedding& tokens_;
  std::vector<std::unique_ptr<EncoderLayer>> layers_;
};

class Decoder final : public Module, private StackEnds {
 public:
  struct Cache {
    std::vector<DecoderLayer::Cache> layers;
    int64_t length = 0;
    void reorder(const std::vector<int32_t>& source);
  };

  Decoder(const TransformerConfig& config, Embedding& tokens, uint64_t seed);
  /// States [B, T, D] of all target positions (teacher forcing).
  Variable forward(const Tensor& ids, const EncoderOutput& memory, const ForwardContext& ctx,
                   StackTrace* trace = nullptr);
  /// States of the next positions ids [B, T]; bit-equal to those rows of forward() when every state is quantized.
  Variable step(const Tensor& ids, const EncoderOutput& memory, Cache& cache, const ForwardContext& ctx);

 private:
  Embedding& tokens_;
  std::vector<std::unique_ptr<DecoderLayer>> layers_;
};

/// Encoder-decoder transformer with one token table for source, target and output projection.
class Seq2Seq final : public Module {
 public:
  Seq2Seq(const TransformerConfig& config, uint64_t seed);

  const TransformerConfig& config() const { return config_; }
  Encoder& encoder() { return encoder_; }
  Decoder& decoder() { return decoder_; }
  /// States [..., D] -> logits [..., V].
  Variable logits(const Variable& states, const ForwardContext& ctx);
  OutputProjection& output_projection() { return output_projection_; }
  Embedding& embed_tokens() { return embed_tokens_; }

 private:
  TransformerConfig config_;
  Embedding embed_tokens_;
  Encoder encoder_;
  Decoder decoder_;
  OutputProjection output_projection_;
};

/// The architecture alone, for its names, slots and sizes: weights are never drawn.
Seq2Seq seq2seq_without_weights(TransformerConfig config);

}  // namespace lowbit
