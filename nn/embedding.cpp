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

Embedding::Embedding(const EmbeddingConfig& config, uint64_t seed)
    : config_(config), weight_("weight", initial_table(config, seed)) {
  own(weight_);
}

Variable Embedding::forward(const Tensor& ids, const ForwardContext& context, SourceLine at) {
  WeightSlot& slot = weight_.slot();
  const Variable& table = weight_.master();
  if (slot.empty()) return stored(embedding(table, ids, config_.scale, config_.padding_id, at), at);
  Variable y;
  if (slot.frozen())
    y = Variable(slot.look_up(ids));
  else if (slot.encodes_rows_alone())
    y = slot.of_rows(embedding(table, ids, 1, config_.padding_id, at), context, at);
  else
    y = embedding(slot(table, context, at), ids, 1, config_.padding_id, at);
  return config_.scale == 1 ? stored(y, at) : scale(y, config_.scale, at);
}

}  // namespace lowbit
