#include "nn/transformer/state_cache.h"

#include "core/ops/copy.h"

namespace lowbit {
namespace {

Tensor extend(const Tensor& old, const Tensor& more) { return old.defined() ? ops::concat({old, more}, 1) : more; }

}  // namespace

void StateCache::append(const Tensor& x, const QuantSlot& slot) {
  const Quantizer* quantizer = slot.get();
  if (!quantizer) {
    floats_ = extend(floats_, x);
    return;
  }
  const QTensor q = quantizer->encode(x.to(DType::f32)).q;
  const bool rows = q.per == Granularity::row;
  const Shape by_token{x.shape()[0], x.shape()[1]};
  codes_.book = q.book;
  codes_.per = q.per;
  codes_.codes = extend(codes_.codes, q.codes);
  codes_.scale = rows ? extend(codes_.scale, q.scale.reshape(by_token)) : q.scale;
  if (q.offset.defined()) codes_.offset = rows ? extend(codes_.offset, q.offset.reshape(by_token)) : q.offset;
}

Tensor StateCache::values() const { return floats_.defined() ? floats_ : dequantize(codes_); }

void StateCache::reorder(const std::vector<int32_t>& source) {
  const auto select = [&](Tensor& t) {
    if (t.defined()) t = ops::index_select(t, source);
  };
  select(floats_);
  select(codes_.codes);
  if (codes_.per == Granularity::row) {
    select(codes_.scale);
    select(codes_.offset);
  }
}

}  // namespace lowbit
