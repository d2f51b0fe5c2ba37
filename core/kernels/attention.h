#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

/// The two products of attention around the softmax, head by head. Head h of a [B, N, heads * width] tensor is its
/// channels [h * width, (h + 1) * width). f32 or f64: half operands are widened before (core/ops/attention.cpp).
///
/// Exactness, of finite operands: every sum runs in ascending order of its own index, or over 16 fixed lanes of the key
/// index, and depends on nothing else (the values of hidden keys count 0 times). A query's result is the same bits
/// whether it is computed alone or among others, whatever the other rows of the batch are, and however many hidden keys
/// follow the visible ones. Probabilities and contexts are the same bits on every target; gradients, whose sums may
/// round once a step, on one.
namespace lowbit {

struct AttentionShape {
  int64_t batch, heads, queries, keys, width;
};
/// Row stride of operands with n columns in a workspace: whole vectors, and one more so that rows of a power of two do
/// not meet in the same cache sets.
[[gnu::always_inline]] inline int64_t attention_stride(int64_t n) { return (n + 31) / 16 * 16; }

/// Elements (of the compute type) that each kernel needs for each of its `slots` threads.
struct AttentionWorkspace {
  int64_t probs, probs_backward, context, context_backward;
};
[[gnu::always_inline]] inline AttentionWorkspace attention_workspace(const AttentionShape& s) {
  const int64_t keys = attention_stride(s.keys), width = attention_stride(s.width);
  const int64_t longest = s.keys > s.queries ? s.keys : s.queries;
  return {.probs = (s.width + 6) * keys,  // transposed keys, four rows of scores, scales and offsets of codes
          .probs_backward = s.queries * keys + longest * width,
          .context = s.keys * width,
          .context_backward = s.width * keys + s.queries * width};
}

/// Keys or values: the first S of `rows` rows of every batch row of [B, rows, D]. Numbers of the type of the problem,
/// or, in f32 problems, codes of the values scale * (code + zero) + offset.
struct AttentionStates {
  const void* data;
  int64_t rows;
  const float *scale = nullptr, *offset = nullptr;  // null: numbers; no offsets
  int64_t stride = 0;                               // of scales and offsets: 1, they are [B, rows], or 0, one for all
  int32_t zero = 0;
};

/// probs [B, heads, T, S] = softmax over visible keys of q k^T.   q [B, T, D], k [B, S, D], D = heads * width
/// Key j is visible to query i when key_visible [B, S] (null: all) is not 0 there and, if causal, j <= i + S - T.
struct AttentionProbsArgs {
  AttentionShape shape;
  const void* q;
  AttentionStates k;
  const uint8_t* key_visible;
  void *probs, *workspace;
  int64_t slots;
  bool causal;
  DType dtype;
};
struct AttentionProbsGradArgs {
  AttentionShape shape;
  const void *q, *k, *probs, *dprobs;
  void *dq, *dk, *workspace;
  int64_t slots;
  DType dtype;
};
/// context [B, T, D] = probs v.   v [B, S, D]
struct AttentionContextArgs {
  AttentionShape shape;
  const void* probs;
  AttentionStates v;
  void *context, *workspace;
  int64_t slots;
  DType dtype;
};
struct AttentionContextGradArgs {
  AttentionShape shape;
  const void *probs, *v, *dcontext;
  void *dprobs, *dv, *workspace;
  int64_t slots;
  DType dtype;
};
struct AttentionKernels {
  void (*probs)(Stream&, const AttentionProbsArgs&) = nullptr;
  void (*probs_backward)(Stream&, const AttentionProbsGradArgs&) = nullptr;
  void (*context)(Stream&, const AttentionContextArgs&) = nullptr;
  void (*context_backward)(Stream&, const AttentionContextGradArgs&) = nullptr;
};

std::span<const Impl<AttentionKernels>> attention_impls();
const AttentionKernels& attention_kernels(Device device, DType dtype);

}  // namespace lowbit
