#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/dtype.h"
#include "core/kernels/target.h"
#include "core/stream.h"

/// The two products of attention around the softmax, head by head. Head h of a [B, N, heads * width] tensor is its
/// channels [h * width, (h + 1) * width).
///
/// Exactness: every sum runs in ascending order of its own index, or over 16 fixed lanes of the key index, and depends
/// on nothing else. A query's result is the same bits whether it is computed alone or among others, whatever the other
/// rows of the batch are, and however many hidden keys follow the visible ones.
namespace lowbit {

struct AttentionShape {
  int64_t batch, heads, queries, keys, width;
};
/// Keys padded to whole vectors: the row stride of transposed keys and of scores in a workspace.
[[gnu::always_inline]] inline int64_t attention_stride(int64_t keys) { return (keys + 15) / 16 * 16; }

/// probs [B, heads, T, S] = softmax over visible keys of q k^T.   q [B, T, D], k [B, S, D], D = heads * width
/// Key j is visible to query i when key_visible [B, S] (null: all) is not 0 there and, if causal, j <= i + S - T.
/// workspace: slots * (width + 4) * attention_stride(S) elements of the compute type.
struct AttentionProbsArgs {
  AttentionShape shape;
  const void *q, *k;
  const uint8_t* key_visible;
  void *probs, *workspace;
  int64_t slots;
  bool causal;
  DType dtype;
};
/// workspace: slots * T * attention_stride(S) elements.
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
  const void *probs, *v;
  void* context;
  DType dtype;
};
/// workspace: slots * width * attention_stride(S) elements.
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
