#include "autograd/functions/embedding.h"

#include "core/ops/embedding.h"

namespace lowbit {

Variable embedding(const Variable& table, const Tensor& ids, double scale, int64_t padding_id, SourceLine at) {
  return record(
      "embedding", ops::embedding(table.value(), ids, scale), {table},
      [ids = Saved(ids), entries = table.shape()[0], scale, padding_id](const Tensor& dy, GradSink& dx) {
        if (Tensor* sum = dx.sum(0); sum && sum->dtype() == compute_type(dy.dtype()))
          ops::embedding_backward_add_(*sum, dy, ids.get(), scale, padding_id);
        else
          dx.add(0, ops::embedding_backward(dy, ids.get(), entries, scale, padding_id));
      },
      at);
}

}  // namespace lowbit
