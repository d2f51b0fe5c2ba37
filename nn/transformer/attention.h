#pragma once

#include "autograd/functions/attention.h"
#include "nn/linear.h"
#include "nn/quant/slot.h"
#include "nn/transformer/config.h"
#include "nn/transformer/state_cache.h"

namespace lowbit {

/// The initial weights of a linear layer in a model with that initialisation.
LinearInit linear_init(WeightInit init);

/// Keys and values of one attention block for incremental decoding.
struct KvCache {
  StateCache key, value;
  bool complete = false;  ///< cross attention: filled once from the encoder

  void reorder(const std::vector<int32_t>& source);
};

/// Multi-head attention with the quantizer placement of TBT (Liu et al. 2023): q is scaled before its slot,
/// each state has a slot, probabilities pass theirs after dropout.
///   query source x [B, T, D]   memory [B, S, D] (x itself for self attention)   returns [B, T, D]
/// Slots: query, key, value, probs and those of q_proj, k_proj, v_proj, out_proj.
class MultiheadAttention final : public Module {
 public:
  MultiheadAttention(const TransformerConfig& config, uint64_t seed);

  /// `probs_out`, when given, receives the probabilities before dropout [B, H, T, S] (distillation).
  Variable forward(const Variable& x, const Variable& memory, const AttentionMask& mask, const ForwardContext& ctx,
                   Variable* probs_out = nullptr);
  /// Self attention of the next positions x [B, T, D]; appends to the cache. With weights, inputs and states quantized
  /// a row at a time bit-equal to those rows of forward() with a causal mask.
  Variable step(const Variable& x, KvCache& cache, const ForwardContext& ctx);
  /// Cross attention of the next positions; the first call fills the cache from memory.
  Variable step(const Variable& x, const Variable& memory, const AttentionMask& mask, KvCache& cache,
                const ForwardContext& ctx);

 private:
  Variable queries(const Variable& x, const ForwardContext& ctx);
  /// Probabilities times values, before out_proj. States are Variable or ops::CachedStates.
  template <class States>
  Variable attend(const Variable& q, const States& k, const States& v, const AttentionMask& mask,
                  const ForwardContext& ctx, Variable* probs_out);
  Variable project(const Variable& context, const ForwardContext& ctx);
  Variable attend_cached(const Variable& x, const KvCache& cache, const AttentionMask& mask, const ForwardContext& ctx);

  int64_t heads_;
  double scale_, dropout_;
  Linear q_proj_, k_proj_, v_proj_, out_proj_;
  QuantSlot query_, key_, value_, probs_;
};

}  // namespace lowbit
