#include "nn/transformer/seq2seq.h"

#include <cmath>

#include "autograd/functions/dropout.h"
#include "nn/recompute_part.h"

namespace lowbit {
namespace {

EmbeddingConfig token_table(const TransformerConfig& config) {
  return {.rows = config.vocab,
          .dim = config.dim,
          .padding_id = config.pad,
          .scale = config.scale_embedding ? std::sqrt(static_cast<double>(config.dim)) : 1.0,
          .init_stddev = config.init == WeightInit::normal ? 0.02 : 1 / std::sqrt(static_cast<double>(config.dim)),
          .init = config.init != WeightInit::none};
}

std::string layer_name(size_t index) { return fmt::format("layers.{}", index); }

bool wants_probs(const StackTrace* trace, const ForwardContext& ctx) {
  const bool wanted = trace && trace->with_probs;
  LB_CHECK(!wanted || ctx.recompute == Recompute::nothing, "attention",
           "probabilities that are recomputed cannot be looked at");
  return wanted;
}

}  // namespace

StackEnds::StackEnds(const TransformerConfig& config, uint64_t seed)
    : positions_(config, seed),
      layernorm_embedding_(config.layernorm_embedding ? std::make_unique<LayerNorm>(config.dim) : nullptr),
      layer_norm_(config.pre_norm ? std::make_unique<LayerNorm>(config.dim) : nullptr),
      dropout_(config.dropout) {}

Variable StackEnds::embed(const Tensor& ids, int64_t first_position, Embedding& tokens, const ForwardContext& ctx) {
  Variable x =
      positions_.add_to(in_scope("embed_tokens", [&] { return tokens.forward(ids, ctx); }), first_position, ctx);
  if (layernorm_embedding_) x = layernorm_embedding_->forward(x);
  return ctx.training && dropout_ > 0 ? dropout(x, dropout_, ctx.random->next_key()) : x;
}

Encoder::Encoder(const TransformerConfig& config, Embedding& tokens, uint64_t seed)
    : StackEnds(config, philox_key(seed, 0)), tokens_(tokens) {
  own("embed_positions", positions_);
  if (layernorm_embedding_) own("layernorm_embedding", *layernorm_embedding_);
  for (int64_t i = 0; i < config.encoder_layers; ++i) {
    layers_.push_back(std::make_unique<EncoderLayer>(config, philox_key(seed, static_cast<uint64_t>(i) + 1)));
    own(layer_name(layers_.size() - 1), *layers_.back());
  }
  if (layer_norm_) own("layer_norm", *layer_norm_);
}

EncoderOutput Encoder::forward(const Tensor& ids, const Tensor& visible, const ForwardContext& ctx, StackTrace* trace) {
  SiteScope scope("encoder");
  const AttentionMask mask{.key_visible = visible, .causal = false};
  Variable x = embed(ids, 0, tokens_, ctx);
  if (trace) trace->hidden.push_back(x);
  const bool with_probs = wants_probs(trace, ctx);
  for (size_t i = 0; i < layers_.size(); ++i) {
    Variable probs;
    Variable* const probs_out = with_probs ? &probs : nullptr;
    const auto layer = [this, i, mask, probs_out](const std::vector<Variable>& in, const ForwardContext& c) {
      return layers_[i]->forward(in[0], mask, c, probs_out);
    };
    x = in_scope(layer_name(i), [&] { return recompute_part(Recompute::layers, {x}, ctx, layer); });
    if (trace) trace->hidden.push_back(x);
    if (with_probs) trace->self_probs.push_back(probs);
  }
  return {finish(x), mask};
}

void Decoder::Cache::reorder(const std::vector<int32_t>& source) {
  for (DecoderLayer::Cache& layer : layers) {
    layer.self_attn.reorder(source);
    layer.encoder_attn.reorder(source);
  }
}

Decoder::Decoder(const TransformerConfig& config, Embedding& tokens, uint64_t seed)
    : StackEnds(config, philox_key(seed, 0)), tokens_(tokens) {
  own("embed_positions", positions_);
  if (layernorm_embedding_) own("layernorm_embedding", *layernorm_embedding_);
  for (int64_t i = 0; i < config.decoder_layers; ++i) {
    layers_.push_back(
        std::make_unique<DecoderLayer>(config.of_decoder(), philox_key(seed, static_cast<uint64_t>(i) + 1)));
    own(layer_name(layers_.size() - 1), *layers_.back());
  }
  if (layer_norm_) own("layer_norm", *layer_norm_);
}

Variable Decoder::forward(const Tensor& ids, const EncoderOutput& memory, const ForwardContext& ctx,
                          StackTrace* trace) {
  SiteScope scope("decoder");
  Variable x = embed(ids, 0, tokens_, ctx);
  if (trace) trace->hidden.push_back(x);
  const bool with_probs = wants_probs(trace, ctx);
  for (size_t i = 0; i < layers_.size(); ++i) {
    Variable self_probs, cross_probs;
    Variable* const self_out = with_probs ? &self_probs : nullptr;
    Variable* const cross_out = with_probs ? &cross_probs : nullptr;
    const auto layer = [this, i, mask = memory.mask, self_out, cross_out](const std::vector<Variable>& in,
                                                                          const ForwardContext& c) {
      return layers_[i]->forward(in[0], in[1], mask, c, self_out, cross_out);
    };
    x = in_scope(layer_name(i), [&] { return recompute_part(Recompute::layers, {x, memory.states}, ctx, layer); });
    if (trace) trace->hidden.push_back(x);
    if (with_probs) trace->self_probs.push_back(self_probs), trace->cross_probs.push_back(cross_probs);
  }
  return finish(x);
}

Variable Decoder::step(const Tensor& ids, const EncoderOutput& memory, Cache& cache, const ForwardContext& ctx) {
  SiteScope scope("decoder");
  cache.layers.resize(layers_.size());
  Variable x = embed(ids, cache.length, tokens_, ctx);
  for (size_t i = 0; i < layers_.size(); ++i)
    x = in_scope(layer_name(i), [&] { return layers_[i]->step(x, memory.states, memory.mask, cache.layers[i], ctx); });
  cache.length += ids.shape()[1];
  return finish(x);
}

Seq2Seq::Seq2Seq(const TransformerConfig& config, uint64_t seed)
    : config_((validate(config), config)),
      embed_tokens_(token_table(config), philox_key(seed, 0)),
      encoder_(config, embed_tokens_, philox_key(seed, 1)),
      decoder_(config, embed_tokens_, philox_key(seed, 2)),
      output_projection_(embed_tokens_, config.logits_bias) {
  own("embed_tokens", embed_tokens_);
  own("encoder", encoder_);
  own("decoder", decoder_);
  own("output_projection", output_projection_);
}

Variable Seq2Seq::logits(const Variable& states, const ForwardContext& ctx) {
  return in_scope("output_projection", [&] { return output_projection_.forward(states, ctx); });
}

Seq2Seq seq2seq_without_weights(TransformerConfig config) {
  config.init = WeightInit::none;
  return Seq2Seq(config, 0);
}

}  // namespace lowbit
