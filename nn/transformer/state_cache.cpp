#include "nn/transformer/state_cache.h"

#include <algorithm>

#include "core/ops/copy.h"
#include "core/ops/elementwise.h"

namespace lowbit {
namespace {

/// [B, capacity, ...] `all` with `more` [B, T, ...] behind its first `length` rows; in a tensor of twice the room when
/// there is none left, at first in one that just fits.
void extend(Tensor& all, int64_t length, const Tensor& more) {
  const int64_t wanted = length + more.shape()[1];
  if (!all.defined()) {
    all = more.clone();
    return;
  }
  if (wanted > all.shape()[1]) {
    const Shape& s = more.shape();
    const int64_t capacity = std::max(wanted, 2 * all.shape()[1]);
    Tensor larger =
        Tensor::empty(s.rank() == 3 ? Shape{s[0], capacity, s[2]} : Shape{s[0], capacity}, all.dtype(), all.device());
    ops::write_narrow(larger, 1, 0, all);
    all = std::move(larger);
  }
  ops::write_narrow(all, 1, length, more);
}

}  // namespace

void StateCache::append(const Tensor& x, const QuantSlot& slot) {
  const Quantizer* quantizer = slot.get();
  if (!quantizer) {
    extend(states_.numbers, states_.length, x);
  } else {
    const QTensor q = quantizer->encode(x.to(DType::f32)).q;
    const Shape by_token{x.shape()[0], x.shape()[1]};
    QTensor& all = states_.codes;
    all.book = q.book;
    extend(all.codes, states_.length, q.codes);
    const auto keep = [&](Tensor& kept, const Tensor& scales) {
      const bool one = q.per == Granularity::tensor;  // of these rows; those that follow have another
      extend(kept, states_.length, one ? ops::full(by_token, scales.item()) : scales.reshape(by_token));
    };
    keep(all.scale, q.scale);
    if (q.offset.defined()) keep(all.offset, q.offset);
  }
  states_.length += x.shape()[1];
}

void StateCache::reorder(const std::vector<int32_t>& source) {
  const auto select = [&](Tensor& t) {
    if (t.defined()) t = ops::index_select(t, source);
  };
  select(states_.numbers);
  select(states_.codes.codes);
  select(states_.codes.scale);
  select(states_.codes.offset);
}

}  // namespace lowbit
