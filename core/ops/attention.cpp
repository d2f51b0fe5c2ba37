#include "core/ops/attention.h"

#include <omp.h>

#include "core/error.h"
#include "core/kernels/attention.h"
#include "core/operation_count.h"
#include "core/ops/copy.h"

namespace lowbit::ops {
namespace {

int64_t threads() { return omp_get_max_threads(); }

Tensor workspace(const Tensor& like, int64_t elements) {
  return Tensor::empty(Shape{threads(), elements}, compute_type(like.dtype()), like.device());
}

/// Shape of the problem given [B, T, D] and [B, S, D].
AttentionShape problem(const Tensor& q, const Shape& ks, DType keys, int64_t heads) {
  const Shape& qs = q.shape();
  LB_CHECK(
      qs.rank() == 3 && ks.rank() == 3 && qs[0] == ks[0] && qs[2] == ks[2] && q.dtype() == keys && is_floating(keys),
      "attention", "queries {} {} and keys {} {} must be [B, T, D] and [B, S, D] of one floating type",
      to_string(q.dtype()), qs.str(), to_string(keys), ks.str());
  LB_CHECK(heads > 0 && qs[2] % heads == 0, "attention", "{} heads do not divide the width {}", heads, qs[2]);
  return {qs[0], heads, qs[1], ks[1], qs[2] / heads};
}

/// Shape of the problem given probabilities [B, H, T, S] and values [B, S, D].
AttentionShape problem_of_probs(const Tensor& probs, const Shape& vs, DType values) {
  const Shape& ps = probs.shape();
  LB_CHECK(ps.rank() == 4 && vs.rank() == 3 && ps[0] == vs[0] && ps[3] == vs[1] && probs.dtype() == values &&
               is_floating(values) && ps[1] > 0 && vs[2] % ps[1] == 0,
           "attention", "probabilities {} {} and values {} {} must be [B, H, T, S] and [B, S, D], H dividing D",
           to_string(probs.dtype()), ps.str(), to_string(values), vs.str());
  return {ps[0], ps[1], ps[2], ps[3], vs[2] / ps[1]};
}

const Tensor& stored(const CachedStates& states) {
  return states.numbers.defined() ? states.numbers : states.codes.codes;
}

DType dtype_of(const CachedStates& states) { return states.numbers.defined() ? states.numbers.dtype() : DType::f32; }

/// Shape of what values_of() gives.
Shape shape_of(const CachedStates& states) {
  const Shape& all = stored(states).shape();
  LB_CHECK(all.rank() == 3 && states.length <= all[1], "attention", "a cache {} does not hold {} rows", all.str(),
           states.length);
  return {all[0], states.length, all[2]};
}

AttentionStates kernel_states(const Tensor& numbers) { return {numbers.raw(), numbers.shape()[1]}; }

AttentionStates kernel_states(const CachedStates& states) {
  if (states.numbers.defined()) return kernel_states(states.numbers);
  const QTensor& q = states.codes;
  const bool rows = q.per == Granularity::row;
  const int64_t scales = rows ? q.shape().rows() : 1;
  LB_CHECK(q.scale.numel() == scales && (!q.offset.defined() || q.offset.numel() == scales), "attention",
           "codes {} need {} scales, not {}", q.shape().str(), scales, q.scale.shape().str());
  return {q.codes.raw(), q.shape()[1],   q.scale.data<float>(), q.offset.defined() ? q.offset.data<float>() : nullptr,
          rows ? 1 : 0,  zero_of(q.book)};
}

void count_products(const AttentionShape& s, int products) {
  operation_count().f32 += 2.0 * products * static_cast<double>(s.batch * s.heads * s.queries * s.keys * s.width);
}

/// Half operands are widened once and results rounded once, as in matmul: the kernels read an element many times.
Tensor wide(const Tensor& x) { return x.to(DType::f32); }

Tensor probs_of(const Tensor& q, const AttentionShape& s, const AttentionStates& k, const AttentionMask& mask) {
  const Tensor& visible = mask.key_visible;
  LB_CHECK(!visible.defined() || (visible.shape() == Shape{s.batch, s.keys} && visible.dtype() == DType::u8),
           "attention", "the key mask must be u8 [{}, {}], got {} {}", s.batch, s.keys, to_string(visible.dtype()),
           visible.shape().str());
  Tensor probs = Tensor::empty(Shape{s.batch, s.heads, s.queries, s.keys}, q.dtype(), q.device());
  Tensor work = workspace(q, attention_workspace(s).probs);
  count_products(s, 1);
  attention_kernels(q.device(), q.dtype())
      .probs(current_stream(q.device()), {s, q.raw(), k, visible.defined() ? visible.data<uint8_t>() : nullptr,
                                          probs.mutable_raw(), work.mutable_raw(), threads(), mask.causal, q.dtype()});
  return probs;
}

Tensor context_of(const Tensor& probs, const AttentionShape& s, const AttentionStates& v) {
  Tensor context = Tensor::empty(Shape{s.batch, s.queries, s.heads * s.width}, probs.dtype(), probs.device());
  Tensor work = workspace(probs, attention_workspace(s).context);
  count_products(s, 1);
  attention_kernels(probs.device(), probs.dtype())
      .context(current_stream(probs.device()),
               {s, probs.raw(), v, context.mutable_raw(), work.mutable_raw(), threads(), probs.dtype()});
  return context;
}

}  // namespace

Tensor attention_probs(const Tensor& q, const Tensor& k, const AttentionMask& mask, int64_t heads) {
  if (is_half(q.dtype())) return attention_probs(wide(q), wide(k), mask, heads).to(q.dtype());
  return probs_of(q, problem(q, k.shape(), k.dtype(), heads), kernel_states(k), mask);
}

AttentionProbsGrads attention_probs_backward(const Tensor& q, const Tensor& k, const Tensor& probs,
                                             const Tensor& dprobs) {
  if (is_half(q.dtype())) {
    const AttentionProbsGrads grads = attention_probs_backward(wide(q), wide(k), wide(probs), wide(dprobs));
    return {grads.dq.to(q.dtype()), grads.dk.to(q.dtype())};
  }
  const AttentionShape s = problem(q, k.shape(), k.dtype(), probs.shape()[1]);
  LB_CHECK(probs.shape() == Shape({s.batch, s.heads, s.queries, s.keys}) && dprobs.shape() == probs.shape(),
           "attention", "gradient {} and probabilities {} do not belong to queries {}", dprobs.shape().str(),
           probs.shape().str(), q.shape().str());
  AttentionProbsGrads grads = {Tensor::empty(q.shape(), q.dtype(), q.device()),
                               Tensor::empty(k.shape(), k.dtype(), k.device())};
  Tensor work = workspace(q, attention_workspace(s).probs_backward);
  count_products(s, 2);
  attention_kernels(q.device(), q.dtype())
      .probs_backward(current_stream(q.device()),
                      {s, q.raw(), k.raw(), probs.raw(), dprobs.raw(), grads.dq.mutable_raw(), grads.dk.mutable_raw(),
                       work.mutable_raw(), threads(), q.dtype()});
  return grads;
}

Tensor attention_context(const Tensor& probs, const Tensor& v) {
  if (is_half(v.dtype())) return attention_context(wide(probs), wide(v)).to(v.dtype());
  return context_of(probs, problem_of_probs(probs, v.shape(), v.dtype()), kernel_states(v));
}

AttentionContextGrads attention_context_backward(const Tensor& probs, const Tensor& v, const Tensor& dcontext) {
  if (is_half(v.dtype())) {
    const AttentionContextGrads grads = attention_context_backward(wide(probs), wide(v), wide(dcontext));
    return {grads.dprobs.to(v.dtype()), grads.dv.to(v.dtype())};
  }
  const AttentionShape s = problem_of_probs(probs, v.shape(), v.dtype());
  LB_CHECK(dcontext.shape() == Shape({s.batch, s.queries, s.heads * s.width}), "attention",
           "gradient {} does not belong to probabilities {}", dcontext.shape().str(), probs.shape().str());
  AttentionContextGrads grads = {Tensor::empty(probs.shape(), v.dtype(), v.device()),
                                 Tensor::empty(v.shape(), v.dtype(), v.device())};
  Tensor work = workspace(v, attention_workspace(s).context_backward);
  count_products(s, 2);
  attention_kernels(v.device(), v.dtype())
      .context_backward(current_stream(v.device()),
                        {s, probs.raw(), v.raw(), dcontext.raw(), grads.dprobs.mutable_raw(), grads.dv.mutable_raw(),
                         work.mutable_raw(), threads(), v.dtype()});
  return grads;
}

Tensor values_of(const CachedStates& states) {
  shape_of(states);
  return narrow(states.numbers.defined() ? states.numbers : dequantize(states.codes), 1, 0, states.length);
}

Tensor attention_probs(const Tensor& q, const CachedStates& k, const AttentionMask& mask, int64_t heads) {
  if (is_half(q.dtype())) return attention_probs(q, values_of(k).to(q.dtype()), mask, heads);
  return probs_of(q, problem(q, shape_of(k), dtype_of(k), heads), kernel_states(k), mask);
}

Tensor attention_context(const Tensor& probs, const CachedStates& v) {
  if (is_half(probs.dtype())) return attention_context(probs, values_of(v).to(probs.dtype()));
  return context_of(probs, problem_of_probs(probs, shape_of(v), dtype_of(v)), kernel_states(v));
}

}  // namespace lowbit::ops
