#pragma once

#include "autograd/variable.h"
#include "core/ops/attention.h"

namespace lowbit {

/// Attention in two halves, so that a quantizer can stand between them. Shapes, masking and exactness as in
/// core/ops/attention.h; the caller scales q.
///   q [B, T, D]   k, v [B, S, D]   probs [B, heads, T, S]
/// Gradient: q and k (saves q, k and the result); probs and v (saves both).
Variable attention_probs(const Variable& q, const Variable& k, const AttentionMask& mask, int64_t heads,
                         SourceLine at = SourceLine::here());
Variable attention_context(const Variable& probs, const Variable& v, SourceLine at = SourceLine::here());

/// The same of cached keys and values, for decoding: no gradient; while a tape records, q and probs must not need one.
Variable attention_probs(const Variable& q, const ops::CachedStates& k, const AttentionMask& mask, int64_t heads,
                         SourceLine at = SourceLine::here());
Variable attention_context(const Variable& probs, const ops::CachedStates& v, SourceLine at = SourceLine::here());

}  // namespace lowbit
