#include "nn/transformer/state_cache.h"

#include "core/ops/copy.h"

namespace lowbit {
namespace {

Tensor extend(const Tensor& old, const Tensor& more) { return old.defined() ? ops::concat({old, more}, 1) : more; }

}  // namespace

void StateCache::append(const Tensor& x, const QuantSlot& slot) {
  const Quantizer* quantizer = slot.get();
  if (!quantizer) {
    const Variable& old = std::get<Variable>(states_);
    states_ = Variable(extend(old.defined() ? old.value() : Tensor(), x));
    return;
  }
  const QTensor q = quantizer->encode(x.to(DType::f32)).q;
  if (!std::holds_alternative<QTensor>(states_)) states_ = QTensor{};
  QTensor& all = std::get<QTensor>(states_);
  const bool rows = q.per == Granularity::row;
  const Shape by_token{x.shape()[0], x.shape()[1]};
  all.book = q.book;
  all.per = q.per;
  all.codes = extend(all.codes, q.codes);
  all.scale = rows ? extend(all.scale, q.scale.reshape(by_token)) : q.scale;
  if (q.offset.defined()) all.offset = rows ? extend(all.offset, q.offset.reshape(by_token)) : q.offset;
}

void StateCache::reorder(const std::vector<int32_t>& source) {
  if (const Variable* numbers = std::get_if<Variable>(&states_)) {
    if (numbers->defined()) states_ = Variable(ops::index_select(numbers->value(), source));
    return;
  }
  QTensor& all = std::get<QTensor>(states_);
  all.codes = ops::index_select(all.codes, source);
  if (all.per == Granularity::tensor) return;
  all.scale = ops::index_select(all.scale, source);
  if (all.offset.defined()) all.offset = ops::index_select(all.offset, source);
}

}  // namespace lowbit
