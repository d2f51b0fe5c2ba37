#pragma once

#include "core/quant/qtensor.h"

namespace lowbit {

/// Which keys a query sees.
struct AttentionMask {
  Tensor key_visible = {};  ///< u8 [B, S], not 0 = visible; undefined: all
  bool causal = false;      ///< query i sees keys j <= i + (S - T): the last query sees all of them
};

namespace ops {

/// Attention probabilities of all heads; the caller has scaled q.
///   q [B, T, D]   k [B, S, D]   D = heads * K, head h holds channels h*K ... h*K + K-1
///   returns [B, heads, T, S] = softmax(q k^T) over visible keys; rows without a visible key are 0
/// Adding hidden keys, other queries or other batch rows changes no bit of a row (core/kernels/attention.h).
/// Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
Tensor attention_probs(const Tensor& q, const Tensor& k, const AttentionMask& mask, int64_t heads);
struct AttentionProbsGrads {
  Tensor dq, dk;
};
AttentionProbsGrads attention_probs_backward(const Tensor& q, const Tensor& k, const Tensor& probs,
                                             const Tensor& dprobs);

/// probs [B, heads, T, S] times v [B, S, D], head by head: [B, T, D]. As exact as the probabilities.
Tensor attention_context(const Tensor& probs, const Tensor& v);
struct AttentionContextGrads {
  Tensor dprobs, dv;
};
AttentionContextGrads attention_context_backward(const Tensor& probs, const Tensor& v, const Tensor& dcontext);

/// Keys or values in a cache that grows: the first `length` rows of every batch row of a larger tensor.
struct CachedStates {
  Tensor numbers;      ///< [B, capacity, D]; undefined when there are codes
  QTensor codes;       ///< the same; row scales and offsets are [B, capacity]
  int64_t length = 0;  ///< S
};
/// [B, S, D] of them alone, dequantized.
Tensor values_of(const CachedStates& states);
/// The same bits as of values_of(), which f32 problems never have in memory.
Tensor attention_probs(const Tensor& q, const CachedStates& k, const AttentionMask& mask, int64_t heads);
Tensor attention_context(const Tensor& probs, const CachedStates& v);

}  // namespace ops
}  // namespace lowbit
