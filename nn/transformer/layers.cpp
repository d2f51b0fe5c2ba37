#include "nn/transformer/layers.h"

#include "autograd/functions/dropout.h"
#include "autograd/functions/elementwise.h"

namespace lowbit {
namespace {

LinearConfig ffn_linear(const TransformerConfig& config, int64_t in, int64_t out) {
  return {.in = in, .out = out, .init = linear_init(config.init)};
}

Variable maybe_dropout(const Variable& x, double p, const ForwardContext& ctx) {
  return ctx.training && p > 0 ? dropout(x, p, ctx.random->next_key()) : x;
}

}  // namespace

FeedForward::FeedForward(const TransformerConfig& config, uint64_t seed)
    : fc1(ffn_linear(config, config.dim, config.ffn_dim), philox_key(seed, 0)),
      fc2(ffn_linear(config, config.ffn_dim, config.dim), philox_key(seed, 1)),
      activation(config.activation),
      activation_dropout(config.activation_dropout) {}

Variable FeedForward::forward(const Variable& x, const ForwardContext& ctx) {
  const Variable hidden = unary(activation, in_scope("fc1", [&] { return fc1.forward(x, ctx); }));
  return in_scope("fc2", [&] { return fc2.forward(maybe_dropout(hidden, activation_dropout, ctx), ctx); });
}

Variable Residual::merge(const Variable& x, const Variable& branch, const ForwardContext& ctx) const {
  return ctx.training && dropout_ > 0 ? dropout_add(x, branch, dropout_, ctx.random->next_key()) : add(x, branch);
}

EncoderLayer::EncoderLayer(const TransformerConfig& config, uint64_t seed)
    : residual_(config),
      self_attn_(config, philox_key(seed, 0)),
      self_attn_layer_norm_(config.dim),
      ffn_(config, philox_key(seed, 1)),
      final_layer_norm_(config.dim) {
  own("self_attn", self_attn_);
  own("self_attn_layer_norm", self_attn_layer_norm_);
  own("fc1", ffn_.fc1);
  own("fc2", ffn_.fc2);
  own("final_layer_norm", final_layer_norm_);
}

Variable EncoderLayer::forward(const Variable& x, const AttentionMask& mask, const ForwardContext& ctx,
                               Variable* probs_out) {
  const Variable attended = residual_(x, self_attn_layer_norm_, ctx, [&](const Variable& h) {
    return in_scope("self_attn", [&] { return self_attn_.forward(h, h, mask, ctx, probs_out); });
  });
  return residual_(attended, final_layer_norm_, ctx, [&](const Variable& h) { return ffn_.forward(h, ctx); });
}

DecoderLayer::DecoderLayer(const TransformerConfig& config, uint64_t seed)
    : residual_(config),
      self_attn_(config, philox_key(seed, 0)),
      self_attn_layer_norm_(config.dim),
      encoder_attn_(config, philox_key(seed, 1)),
      encoder_attn_layer_norm_(config.dim),
      ffn_(config, philox_key(seed, 2)),
      final_layer_norm_(config.dim) {
  own("self_attn", self_attn_);
  own("self_attn_layer_norm", self_attn_layer_norm_);
  own("encoder_attn", encoder_attn_);
  own("encoder_attn_layer_norm", encoder_attn_layer_norm_);
  own("fc1", ffn_.fc1);
  own("fc2", ffn_.fc2);
  own("final_layer_norm", final_layer_norm_);
}

template <class SelfAttention, class CrossAttention>
Variable DecoderLayer::run(const Variable& x, const ForwardContext& ctx, const SelfAttention& self_attention,
                           const CrossAttention& cross_attention) {
  const Variable attended = residual_(x, self_attn_layer_norm_, ctx, [&](const Variable& h) {
    return in_scope("self_attn", [&] { return self_attention(h); });
  });
  const Variable crossed = residual_(attended, encoder_attn_layer_norm_, ctx, [&](const Variable& h) {
    return in_scope("encoder_attn", [&] { return cross_attention(h); });
  });
  return residual_(crossed, final_layer_norm_, ctx, [&](const Variable& h) { return ffn_.forward(h, ctx); });
}

Variable DecoderLayer::forward(const Variable& x, const Variable& memory, const AttentionMask& memory_mask,
                               const ForwardContext& ctx, Variable* self_probs_out, Variable* cross_probs_out) {
  return run(
      x, ctx,
      [&](const Variable& h) {
        return self_attn_.forward(h, h, {.key_visible = {}, .causal = true}, ctx, self_probs_out);
      },
      [&](const Variable& h) { return encoder_attn_.forward(h, memory, memory_mask, ctx, cross_probs_out); });
}

Variable DecoderLayer::step(const Variable& x, const Variable& memory, const AttentionMask& memory_mask, Cache& cache,
                            const ForwardContext& ctx) {
  return run(
      x, ctx, [&](const Variable& h) { return self_attn_.step(h, cache.self_attn, ctx); },
      [&](const Variable& h) { return encoder_attn_.step(h, memory, memory_mask, cache.encoder_attn, ctx); });
}

}  // namespace lowbit
