#include "core/kernels/attention.h"

#include "core/kernels/cpu/attention_codes.h"
#include "core/kernels/cpu/ordered_product.h"
#include "core/kernels/cpu/simd.h"
#include "core/kernels/math.h"

namespace lowbit::LB_TARGET_NS {
namespace {

/// Calls fn(batch row, first element of that row and head in a [B, N, D] tensor, head, workspace slot) for all heads.
template <class Fn>
void for_each_head(const AttentionShape& s, int64_t slots, Fn fn) {
  const int64_t work = s.batch * s.heads * s.queries * s.keys * s.width;
  if (work <= kParallelElements) {
    for (int64_t i = 0; i < s.batch * s.heads; ++i) fn(i / s.heads, i % s.heads, int64_t{0});
    return;
  }
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(slots))
  for (int64_t i = 0; i < s.batch * s.heads; ++i)
    fn(i / s.heads, i % s.heads, static_cast<int64_t>(omp_get_thread_num()));
}

/// The part of a [B, N, heads * width] tensor that belongs to one head of one batch row.
template <class T, class Void>
T* head_of(Void* data, const AttentionShape& s, int64_t n, int64_t batch, int64_t head) {
  return static_cast<T*>(data) + batch * n * s.heads * s.width + head * s.width;
}

/// Softmax of the first `keys` scores where visible (null: everywhere), in place; all zero when nothing is visible. The
/// row is filled up to whole vectors.
template <class C>
void visible_softmax(C* scores, const uint8_t* visible, int64_t keys) {
  constexpr C hidden = -static_cast<C>(__builtin_inf());
  const int64_t padded = padded_columns(keys);
  bool any = keys > 0;
  if (visible) {
    int32_t count = 0;
#pragma omp simd reduction(+ : count)
    for (int64_t j = 0; j < keys; ++j) count += visible[j] != 0;
    any = count > 0;
#pragma omp simd
    for (int64_t j = 0; j < keys; ++j) scores[j] = visible[j] ? scores[j] : hidden;
  }
  for (int64_t j = keys; j < padded; ++j) scores[j] = hidden;
  const C top = lane_max<C>(padded, static_cast<C>(-3.4e38), [=](int64_t j) { return scores[j]; });
#pragma omp simd
  for (int64_t j = 0; j < padded; ++j) scores[j] = math::exp(scores[j] - top);
  const C sum = lane_sum<C>(padded, [=](int64_t j) { return scores[j]; });
  const C inverse = any ? 1 / sum : C{0};
#pragma omp simd
  for (int64_t j = 0; j < padded; ++j) scores[j] *= inverse;
}

/// The codes of a head. Asks for a part of those of the next batch row: the rows of a head are lines far apart, which
/// the hardware does not foresee.
const int8_t* codes_of_head(const AttentionStates& states, const AttentionShape& s, int64_t batch, int64_t head) {
  constexpr int64_t kLine = 64;
  const int64_t part = s.keys * s.width;
  if (batch + 1 < s.batch) {
    const int8_t* ahead = head_of<const int8_t>(states.data, s, states.rows, batch + 1, 0) + head * part;
    for (int64_t i = 0; i < part; i += kLine) __builtin_prefetch(ahead + i, 0, 2);
  }
  return head_of<const int8_t>(states.data, s, states.rows, batch, head);
}

/// The keys of a head, transposed into `codes`; `scales` has room for two rows of them.
CodesByColumn transposed_codes(const AttentionStates& k, const AttentionShape& s, int64_t batch, int64_t head,
                               int8_t* codes, float* scales) {
  const int64_t stride = attention_stride(s.keys), first = batch * k.rows * k.stride;
  transpose_codes(codes_of_head(k, s, batch, head), s.heads * s.width, s.keys, s.width, codes, stride);
  const auto padded = [&](const float* from, float* to) {
    for (int64_t j = 0; j < s.keys; ++j) to[j] = from[first + j * k.stride];
    for (int64_t j = s.keys; j < padded_columns(s.keys); ++j) to[j] = 0;
    return to;
  };
  return {codes, stride, padded(k.scale, scales), k.offset ? padded(k.offset, scales + stride) : nullptr, k.zero};
}

/// The values of a head where they lie, or in `padded` when their rows are no whole vectors.
CodesByRow value_codes(const AttentionStates& v, const AttentionShape& s, int64_t batch, int64_t head, int8_t* padded) {
  const int64_t d = s.heads * s.width, stride = attention_stride(s.width), first = batch * v.rows * v.stride;
  CodesByRow codes = {codes_of_head(v, s, batch, head),      d,        v.scale + first,
                      v.offset ? v.offset + first : nullptr, v.stride, v.zero};
  if (s.width == padded_columns(s.width)) return codes;
  for (int64_t j = 0; j < s.keys; ++j)
    __builtin_memcpy(padded + j * stride, codes.data + j * d, static_cast<size_t>(s.width));
  codes.data = padded, codes.row = stride;
  return codes;
}

template <class T>
void probs(const AttentionProbsArgs& a) {
  using C = Compute<T>;
  const AttentionShape& s = a.shape;
  const int64_t d = s.heads * s.width, stride = attention_stride(s.keys);
  const auto softmax_of_products = [&](int64_t batch, int64_t head, const auto& keys, C* scores) {
    const T* q = head_of<const T>(a.q, s, s.queries, batch, head);
    T* y = static_cast<T*>(a.probs) + (batch * s.heads + head) * s.queries * s.keys;
    for (int64_t first = 0; first < s.queries; first += 4) {
      const int64_t rows = s.queries - first < 4 ? s.queries - first : 4;
      ordered_product<C>(rows, s.keys, s.width, LeftOperand<T>{q + first * d, d, 1}, keys, scores, stride);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t last = a.causal ? first + r + s.keys - s.queries : s.keys - 1;
        const int64_t reach = last < 0 ? 0 : last + 1;
        C* row = scores + r * stride;
        visible_softmax(row, a.key_visible ? a.key_visible + batch * s.keys : nullptr, reach);
        T* out = y + (first + r) * s.keys;
#pragma omp simd
        for (int64_t j = 0; j < reach; ++j) store(out + j, row[j]);
        for (int64_t j = reach; j < s.keys; ++j) store(out + j, C{0});
      }
    }
  };
  for_each_head(s, a.slots, [&](int64_t batch, int64_t head, int64_t slot) {
    C* transposed = static_cast<C*>(a.workspace) + slot * attention_workspace(s).probs;
    C* scores = transposed + s.width * stride;
    if constexpr (__is_same(T, float))
      if (a.k.scale) {
        int8_t* codes = reinterpret_cast<int8_t*>(transposed);
        return softmax_of_products(batch, head, transposed_codes(a.k, s, batch, head, codes, scores + 4 * stride),
                                   scores);
      }
    transpose(head_of<const T>(a.k.data, s, a.k.rows, batch, head), d, s.keys, s.width, transposed, stride);
    softmax_of_products(batch, head, RightOperand<C>{transposed, stride}, scores);
  });
}

/// With ds = probs * (dprobs - sum(probs * dprobs)):  dq = ds k,  dk = ds^T q.
template <class T>
void probs_backward(const AttentionProbsGradArgs& a) {
  using C = Compute<T>;
  const AttentionShape& s = a.shape;
  const int64_t d = s.heads * s.width, stride = attention_stride(s.keys), width_stride = attention_stride(s.width);
  for_each_head(s, a.slots, [&](int64_t batch, int64_t head, int64_t slot) {
    C* ds = static_cast<C*>(a.workspace) + slot * attention_workspace(s).probs_backward;
    C* packed = ds + s.queries * stride;
    const int64_t matrix = (batch * s.heads + head) * s.queries * s.keys;
    for (int64_t i = 0; i < s.queries; ++i) {
      const T* y = static_cast<const T*>(a.probs) + matrix + i * s.keys;
      const T* dy = static_cast<const T*>(a.dprobs) + matrix + i * s.keys;
      C* out = ds + i * stride;
      const C dot = lane_sum<C>(s.keys, [=](int64_t j) { return load(y + j) * load(dy + j); });
#pragma omp simd
      for (int64_t j = 0; j < s.keys; ++j) out[j] = load(y + j) * (load(dy + j) - dot);
    }
    pack(head_of<const T>(a.k, s, s.keys, batch, head), d, s.keys, s.width, packed, width_stride);
    ordered_product<C, Steps::fused>(s.queries, s.width, s.keys, LeftOperand<C>{ds, stride, 1},
                                     RightOperand<C>{packed, width_stride}, head_of<T>(a.dq, s, s.queries, batch, head),
                                     d);
    pack(head_of<const T>(a.q, s, s.queries, batch, head), d, s.queries, s.width, packed, width_stride);
    ordered_product<C, Steps::fused>(s.keys, s.width, s.queries, LeftOperand<C>{ds, 1, stride},
                                     RightOperand<C>{packed, width_stride}, head_of<T>(a.dk, s, s.keys, batch, head),
                                     d);
  });
}

template <class T>
void context(const AttentionContextArgs& a) {
  using C = Compute<T>;
  const AttentionShape& s = a.shape;
  const int64_t d = s.heads * s.width, width_stride = attention_stride(s.width);
  for_each_head(s, a.slots, [&](int64_t batch, int64_t head, int64_t slot) {
    const auto multiply = [&](const auto& right) {
      const T* probs = static_cast<const T*>(a.probs) + (batch * s.heads + head) * s.queries * s.keys;
      ordered_product<C>(s.queries, s.width, s.keys, LeftOperand<T>{probs, s.keys, 1}, right,
                         head_of<T>(a.context, s, s.queries, batch, head), d);
    };
    C* packed = static_cast<C*>(a.workspace) + slot * attention_workspace(s).context;
    if constexpr (__is_same(T, float))
      if (a.v.scale) return multiply(value_codes(a.v, s, batch, head, reinterpret_cast<int8_t*>(packed)));
    const T* v = head_of<const T>(a.v.data, s, a.v.rows, batch, head);
    if constexpr (__is_same(T, C))  // a step of decoding reads every value once: not worth a copy
      if (s.queries <= 4 && s.width == padded_columns(s.width)) return multiply(RightOperand<C>{v, d});
    pack(v, d, s.keys, s.width, packed, width_stride);
    multiply(RightOperand<C>{packed, width_stride});
  });
}

/// dprobs = dcontext v^T,  dv = probs^T dcontext.
template <class T>
void context_backward(const AttentionContextGradArgs& a) {
  using C = Compute<T>;
  const AttentionShape& s = a.shape;
  const int64_t d = s.heads * s.width, stride = attention_stride(s.keys), width_stride = attention_stride(s.width);
  for_each_head(s, a.slots, [&](int64_t batch, int64_t head, int64_t slot) {
    C* transposed = static_cast<C*>(a.workspace) + slot * attention_workspace(s).context_backward;
    C* packed = transposed + s.width * stride;
    const T* dcontext = head_of<const T>(a.dcontext, s, s.queries, batch, head);
    const int64_t matrix = (batch * s.heads + head) * s.queries * s.keys;
    transpose(head_of<const T>(a.v, s, s.keys, batch, head), d, s.keys, s.width, transposed, stride);
    ordered_product<C, Steps::fused>(s.queries, s.keys, s.width, LeftOperand<T>{dcontext, d, 1},
                                     RightOperand<C>{transposed, stride}, static_cast<T*>(a.dprobs) + matrix, s.keys);
    pack(dcontext, d, s.queries, s.width, packed, width_stride);
    ordered_product<C, Steps::fused>(
        s.keys, s.width, s.queries, LeftOperand<T>{static_cast<const T*>(a.probs) + matrix, 1, s.keys},
        RightOperand<C>{packed, width_stride}, head_of<T>(a.dv, s, s.keys, batch, head), d);
  });
}

}  // namespace

void fill(AttentionKernels& table) {
  table.probs = [](Stream&, const AttentionProbsArgs& a) {
    a.dtype == DType::f64 ? probs<double>(a) : probs<float>(a);
  };
  table.probs_backward = [](Stream&, const AttentionProbsGradArgs& a) {
    a.dtype == DType::f64 ? probs_backward<double>(a) : probs_backward<float>(a);
  };
  table.context = [](Stream&, const AttentionContextArgs& a) {
    a.dtype == DType::f64 ? context<double>(a) : context<float>(a);
  };
  table.context_backward = [](Stream&, const AttentionContextGradArgs& a) {
    a.dtype == DType::f64 ? context_backward<double>(a) : context_backward<float>(a);
  };
}

}  // namespace lowbit::LB_TARGET_NS
