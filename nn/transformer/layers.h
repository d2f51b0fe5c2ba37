#pragma once

#include "nn/layer_norm.h"
#include "nn/transformer/attention.h"

namespace lowbit {

/// Position-wise feed-forward: fc2(dropout(act(fc1(x)))). fc1 and fc2 appear under the owner's names, as in fairseq and
/// Hugging Face checkpoints.
struct FeedForward {
  FeedForward(const TransformerConfig& config, uint64_t seed);
  Variable forward(const Variable& x, const ForwardContext& ctx);

  Linear fc1, fc2;
  Unary activation;
  double activation_dropout;
};

/// Residual branch with dropout and norm in the order of the config:
///   pre-norm   x + dropout(f(norm(x)))        post-norm   norm(x + dropout(f(x)))
class Residual {
 public:
  explicit Residual(const TransformerConfig& config) : pre_norm_(config.pre_norm), dropout_(config.dropout) {}
  template <class Fn>
  Variable operator()(const Variable& x, const LayerNorm& norm, const ForwardContext& ctx, const Fn& f) const {
    return pre_norm_ ? merge(x, f(norm.forward(x)), ctx) : norm.forward(merge(x, f(x), ctx));
  }

 private:
  Variable merge(const Variable& x, const Variable& branch, const ForwardContext& ctx) const;

  bool pre_norm_;
  double dropout_;
};

class EncoderLayer final : public Module {
 public:
  EncoderLayer(const TransformerConfig& config, uint64_t seed);
  /// x [B, S, D]; probs_out as in MultiheadAttention.
  Variable forward(const Variable& x, const AttentionMask& mask, const ForwardContext& ctx, Variable* probs_out);

 private:
  Residual residual_;
  MultiheadAttention self_attn_;
  LayerNorm self_attn_layer_norm_;
  FeedForward ffn_;
  LayerNorm final_layer_norm_;  // of the feed-forward, named as in fairseq and Hugging Face
};

class DecoderLayer final : public Module {
 public:
  struct Cache {
    KvCache self_attn, encoder_attn;
  };

  DecoderLayer(const TransformerConfig& config, uint64_t seed);
  /// x [B, T, D] target states, memory [B, S, D] encoder states.
  Variable forward(const Variable& x, const Variable& memory, const AttentionMask& memory_mask,
                   const ForwardContext& ctx, Variable* self_probs_out, Variable* cross_probs_out);
  /// The next positions only; keys and values of earlier ones come from the cache.
  Variable step(const Variable& x, const Variable& memory, const AttentionMask& memory_mask, Cache& cache,
                const ForwardContext& ctx);

 private:
  template <class SelfAttention, class CrossAttention>
  Variable run(const Variable& x, const ForwardContext& ctx, const SelfAttention& self_attention,
               const CrossAttention& cross_attention);

  Residual residual_;
  MultiheadAttention self_attn_;
  LayerNorm self_attn_layer_norm_;
  MultiheadAttention encoder_attn_;
  LayerNorm encoder_attn_layer_norm_;
  FeedForward ffn_;
  LayerNorm final_layer_norm_;
};

}  // namespace lowbit
