#include "nn/embedding.h"

#include <cstring>

#include "autograd/functions/elementwise.h"
#include "autograd/functions/embedding.h"
#include "core/random.h"

namespace lowbit {
namespace {

Tensor initial_table(const EmbeddingConfig& config, uint64_t seed) {
  if (!config.init) return Tensor::empty({config.rows, config.dim});
  Tensor table = random_normal({config.rows, config.dim}, 0, config.init_stddev, seed);
  if (config.padding_id >= 0) table.rows(config.padding_id, config.padding_id + 1).fill_zero();
  return table;
}

Shape looked_up_shape(const Shape& ids, int64_t dim) {
  std::vector<int64_t> extents;
  for (int axis = 0; axis < ids.rank(); ++axis) extents.push_back(ids[axis]);
  extents.push_back(dim);
  return Shape(std::span<const int64_t>(extents));
}

/// The codes of some rows, with the scales that belong to them.
QTensor gather(const QTensor& table, const Tensor& ids) {
  const int64_t dim = table.shape().last(), rows = table.shape().rows(), count = ids.numel();
  const bool by_row = table.per == Granularity::row;
  QTensor out{table.book, table.per, Tensor::empty(looked_up_shape(ids.shape(), dim), DType::i8), table.scale, {}};
  if (by_row) out.scale = Tensor::empty({count});
  const int32_t* id = ids.data<int32_t>();
  const int8_t* codes = table.codes.data<int8_t>();
  int8_t* gathered = out.codes.mutable_data<int8_t>();
  float* scales = by_row ? out.scale.mutable_data<float>() : nullptr;
  for (int64_t i = 0; i < count; ++i) {
    LB_REQUIRE(id[i] >= 0 && id[i] < rows, ErrorKind::data, "embedding", "id {} outside a table of {} rows", id[i],
               rows);
    std::memcpy(gathered + i * dim, codes + id[i] * dim, static_cast<size_t>(dim));
    if (by_row) scales[i] = table.scale.data<float>()[id[i]];
  }
  return out;
}

}  // namespace

Embedding::Embedding(const EmbeddingConfig& config, uint64_t seed)
    : config_(config), weight_{"weight", Variable(initial_table(config, seed), true), ParameterKind::weight} {
  own(weight_);
  own("weight", weight_slot_);
}

Variable Embedding::forward(const Tensor& ids, const ForwardContext& context, SourceLine at) {
  if (weight_slot_.empty()) return embedding(weight_.value, ids, config_.scale, config_.padding_id, at);
  Variable y;
  if (weight_slot_.frozen())
    y = Variable(dequantize(gather(weight_slot_.codes(), ids)));
  else if (weight_slot_.encodes_rows_alone())
    y = weight_slot_.of_rows(embedding(weight_.value, ids, 1, config_.padding_id, at), context, at);
  else
    y = embedding(weight_slot_(weight_.value, context, at), ids, 1, config_.padding_id, at);
  return config_.scale == 1 ? y : scale(y, config_.scale, at);
}

void Embedding::freeze() {
  if (weight_slot_.empty() || weight_slot_.frozen()) return;
  weight_slot_.freeze(weight_.value.value());
  drop_master();
}

void Embedding::freeze(QTensor codes) {
  LB_REQUIRE(codes.shape() == Shape({config_.rows, config_.dim}), ErrorKind::model, "embedding",
             "codes {} for a table [{}, {}]", codes.shape().str(), config_.rows, config_.dim);
  weight_slot_.freeze(std::move(codes));
  drop_master();
}

void Embedding::drop_master() {
  disown(weight_);
  weight_.value = {};
}

}  // namespace lowbit
