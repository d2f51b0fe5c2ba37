#include "autograd/functions/attention.h"

namespace lowbit {

Variable attention_probs(const Variable& q, const Variable& k, const AttentionMask& mask, int64_t heads,
                         SourceLine at) {
  const Tensor probs = ops::attention_probs(q.value(), k.value(), mask, heads);
  return record(
      "attention_probs", probs, {q, k},
      [q = Saved(q.value()), k = Saved(k.value()), probs = Saved(probs)](const Tensor& dy, GradSink& dx) {
        const auto [dq, dk] = ops::attention_probs_backward(q.get(), k.get(), probs.get(), dy);
        dx.add(0, dq);
        dx.add(1, dk);
      },
      at);
}

Variable attention_context(const Variable& probs, const Variable& v, SourceLine at) {
  return record(
      "attention_context", ops::attention_context(probs.value(), v.value()), {probs, v},
      [probs = Saved(probs.value()), v = Saved(v.value())](const Tensor& dy, GradSink& dx) {
        const auto [dprobs, dv] = ops::attention_context_backward(probs.get(), v.get(), dy);
        dx.add(0, dprobs);
        dx.add(1, dv);
      },
      at);
}

}  // namespace lowbit
