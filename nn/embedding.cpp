#include "nn/embedding.h"

#include "autograd/functions/elementwise.h"
#include "autograd/functions/embedding.h"
#include "autograd/precision.h"
#include "core/random.h"

namespace lowbit {
namespace {

Tensor initial_table(const EmbeddingConfig& config, uint64_t seed) {
  if (!config.init) return Tensor::empty({config.rows, config.dim});
  Tensor table = random_normal({config.rows, config.dim}, 0, config.init_stddev, seed);
  if (config.padding_id >= 0) table.rows(config.padding_id, config.padding_id + 1).fill_zero();
  return table;
}

}  // namespace

Variable look_up(QuantizedWeight& weight, const Tensor& ids, int32_t padding_id, const ForwardContext& context,
                 SourceLine at) {
  WeightSlot& slot = weight.slot();
  if (slot.frozen()) return Variable(slot.look_up(ids));
  if (slot.encodes_rows_alone()) return slot.of_rows(embedding(weight.master(), ids, 1, padding_id, at), context, at);
  return embedding(slot(weight.master(), context, at), ids, 1, padding_id, at);
}

Embedding::Embedding(const EmbeddingConfig& config, uint64_t seed)
    : config_(config), weight_("weight", initial_table(config, seed)) {
  own(weight_);
}

Variable Embedding::forward(const Tensor& ids, const ForwardContext& context, SourceLine at) {
  if (weight_.slot().empty())
    return stored(embedding(weight_.master(), ids, config_.scale, config_.padding_id, at), at);
  const Variable y = look_up(weight_, ids, config_.padding_id, context, at);
  return config_.scale == 1 ? stored(y, at) : scale(y, config_.scale, at);
}

}  // namespace lowbit
