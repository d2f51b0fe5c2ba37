#include "autograd/functions/attention.h"

#include "autograd/grad_mode.h"
#include "autograd/precision.h"

namespace lowbit {
namespace {

void check_no_gradient(const Variable& x) {
  LB_CHECK(!grad_enabled() || !x.requires_grad(), "attention", "no gradient goes through cached keys and values");
}

}  // namespace

Variable attention_probs(const Variable& queries, const Variable& keys, const AttentionMask& mask, int64_t heads,
                         SourceLine at) {
  const Variable q = stored(queries, at), k = stored(keys, at);
  const Tensor probs = ops::attention_probs(q.value(), k.value(), mask, heads);
  return record(
      "attention_probs", probs, {q, k},
      [q = SavedValue(q), k = SavedValue(k), probs = Saved(probs)](const Tensor& dy, GradSink& dx) {
        auto [dq, dk] = ops::attention_probs_backward(q.get(), k.get(), probs.get(), dy);
        dx.add(0, std::move(dq));
        dx.add(1, std::move(dk));
      },
      at);
}

Variable attention_context(const Variable& given_probs, const Variable& values, SourceLine at) {
  const Variable probs = stored(given_probs, at), v = stored(values, at);
  return record(
      "attention_context", ops::attention_context(probs.value(), v.value()), {probs, v},
      [probs = SavedValue(probs), v = SavedValue(v)](const Tensor& dy, GradSink& dx) {
        auto [dprobs, dv] = ops::attention_context_backward(probs.get(), v.get(), dy);
        dx.add(0, std::move(dprobs));
        dx.add(1, std::move(dv));
      },
      at);
}

Variable attention_probs(const Variable& queries, const ops::CachedStates& k, const AttentionMask& mask, int64_t heads,
                         SourceLine at) {
  const Variable q = stored(queries, at);
  check_no_gradient(q);
  return record("attention_probs", ops::attention_probs(q.value(), k, mask, heads), {}, nullptr, at);
}

Variable attention_context(const Variable& given_probs, const ops::CachedStates& v, SourceLine at) {
  const Variable probs = stored(given_probs, at);
  check_no_gradient(probs);
  return record("attention_context", ops::attention_context(probs.value(), v), {}, nullptr, at);
}

}  // namespace lowbit
