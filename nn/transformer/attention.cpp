#include "nn/transformer/attention.h"

#include <cmath>

#include "autograd/functions/dropout.h"
#include "autograd/functions/elementwise.h"
#include "nn/recompute_part.h"

namespace lowbit {
namespace {

/// fairseq draws q, k, v with gain 1/sqrt(2) and the output with gain 1; BERT-style models use N(0, 0.02) throughout.
LinearConfig projection(const TransformerConfig& config, double xavier_gain) {
  LinearConfig linear{.in = config.dim, .out = config.dim};
  linear.init = linear_init(config.init);
  linear.gain = xavier_gain;
  return linear;
}

}  // namespace

LinearInit linear_init(WeightInit init) {
  switch (init) {
    case WeightInit::xavier:
      return LinearInit::xavier;
    case WeightInit::normal:
      return LinearInit::normal_002;
    case WeightInit::none:
      break;
  }
  return LinearInit::none;
}

void KvCache::reorder(const std::vector<int32_t>& source) {
  key.reorder(source);
  value.reorder(source);
}

MultiheadAttention::MultiheadAttention(const TransformerConfig& config, uint64_t seed)
    : heads_(config.heads),
      scale_(1 / std::sqrt(static_cast<double>(config.head_dim()))),
      dropout_(config.attention_dropout),
      q_proj_(projection(config, std::sqrt(0.5)), philox_key(seed, 0)),
      k_proj_(projection(config, std::sqrt(0.5)), philox_key(seed, 1)),
      v_proj_(projection(config, std::sqrt(0.5)), philox_key(seed, 2)),
      out_proj_(projection(config, 1), philox_key(seed, 3)) {
  own("q_proj", q_proj_);
  own("k_proj", k_proj_);
  own("v_proj", v_proj_);
  own("out_proj", out_proj_);
  own("query", query_);
  own("key", key_);
  own("value", value_);
  own("probs", probs_);
}

Variable MultiheadAttention::queries(const Variable& x, const ForwardContext& ctx) {
  return query_(scale(in_scope("q_proj", [&] { return q_proj_.forward(x, ctx); }), scale_), ctx);
}

template <class States>
Variable MultiheadAttention::attend(const Variable& q, const States& k, const States& v, const AttentionMask& mask,
                                    const ForwardContext& ctx, Variable* probs_out) {
  Variable probs = attention_probs(q, k, mask, heads_);
  if (probs_out) *probs_out = probs;
  if (ctx.training && dropout_ > 0) probs = dropout(probs, dropout_, ctx.random->next_key());
  return attention_context(probs_(probs, ctx), v);
}

Variable MultiheadAttention::project(const Variable& context, const ForwardContext& ctx) {
  return in_scope("out_proj", [&] { return out_proj_.forward(context, ctx); });
}

Variable MultiheadAttention::attend_cached(const Variable& x, const KvCache& cache, const AttentionMask& mask,
                                           const ForwardContext& ctx) {
  return project(attend(queries(x, ctx), cache.key.states(), cache.value.states(), mask, ctx, nullptr), ctx);
}

Variable MultiheadAttention::forward(const Variable& x, const Variable& memory, const AttentionMask& mask,
                                     const ForwardContext& ctx, Variable* probs_out) {
  const Variable k = key_(in_scope("k_proj", [&] { return k_proj_.forward(memory, ctx); }), ctx);
  const Variable v = value_(in_scope("v_proj", [&] { return v_proj_.forward(memory, ctx); }), ctx);
  const Variable q = queries(x, ctx);
  LB_CHECK(!probs_out || ctx.recompute == Recompute::nothing, "attention", "probs_out is gone when backward runs");
  const auto part = [this, mask, probs_out](const std::vector<Variable>& in, const ForwardContext& c) {
    return attend(in[0], in[1], in[2], mask, c, probs_out);
  };
  return project(recompute_part(Recompute::attention, {q, k, v}, ctx, part), ctx);
}

Variable MultiheadAttention::step(const Variable& x, KvCache& cache, const ForwardContext& ctx) {
  cache.key.append(k_proj_.forward(x, ctx).value(), key_);
  cache.value.append(v_proj_.forward(x, ctx).value(), value_);
  return attend_cached(x, cache, {.key_visible = {}, .causal = true}, ctx);
}

Variable MultiheadAttention::step(const Variable& x, const Variable& memory, const AttentionMask& mask, KvCache& cache,
                                  const ForwardContext& ctx) {
  if (!cache.complete) {
    cache.key.append(k_proj_.forward(memory, ctx).value(), key_);
    cache.value.append(v_proj_.forward(memory, ctx).value(), value_);
    cache.complete = true;
  }
  return attend_cached(x, cache, mask, ctx);
}

}  // namespace lowbit
