#include "core/ops/embedding.h"

#include "core/error.h"
#include "core/kernels/embedding.h"

namespace lowbit::ops {
namespace {

void check_ids(const Tensor& ids, int64_t entries) {
  LB_CHECK(ids.dtype() == DType::i32, "embedding", "ids must be i32, not {}", to_string(ids.dtype()));
  const int32_t* id = ids.data<int32_t>();
  for (int64_t i = 0; i < ids.numel(); ++i)
    LB_REQUIRE(id[i] >= 0 && id[i] < entries, ErrorKind::data, "embedding", "id {} at position {} is outside [0, {})",
               id[i], i, entries);
}

void run_backward(Tensor& dtable, const Tensor& dy, const Tensor& ids, double scale, int64_t padding_id,
                  bool accumulate) {
  LB_CHECK(dy.shape() == ids.shape().appended(dy.shape().last()), "embedding_backward", "gradient {} for ids {}",
           dy.shape().str(), ids.shape().str());
  const int64_t entries = dtable.shape()[0], width = dy.shape().last();
  LB_CHECK(padding_id < entries, "embedding_backward", "padding id {} is outside [0, {})", padding_id, entries);
  check_ids(ids, entries);
  Tensor workspace = Tensor::empty(Shape{entries + ids.numel()}, DType::i32, dy.device());
  embedding_kernels(dy.device(), dy.dtype())
      .backward(current_stream(dy.device()),
                {dy.raw(), ids.data<int32_t>(), dtable.mutable_raw(), workspace.mutable_data<int32_t>(), ids.numel(),
                 entries, width, padding_id, scale, accumulate, dy.dtype()});
}

}  // namespace

Tensor embedding(const Tensor& table, const Tensor& ids, double scale) {
  LB_CHECK(table.shape().rank() == 2 && is_floating(table.dtype()), "embedding",
           "the table must be a floating matrix, got {} {}", to_string(table.dtype()), table.shape().str());
  check_ids(ids, table.shape()[0]);
  const int64_t width = table.shape()[1];
  Tensor y = Tensor::empty(ids.shape().appended(width), table.dtype(), table.device());
  embedding_kernels(table.device(), table.dtype())
      .forward(current_stream(table.device()),
               {table.raw(), ids.data<int32_t>(), y.mutable_raw(), ids.numel(), width, scale, table.dtype()});
  return y;
}

Tensor embedding_backward(const Tensor& dy, const Tensor& ids, int64_t entries, double scale, int64_t padding_id) {
  Tensor dtable = Tensor::empty(Shape{entries, dy.shape().last()}, compute_type(dy.dtype()), dy.device());
  run_backward(dtable, dy, ids, scale, padding_id, false);
  return dtable;
}

void embedding_backward_add_(Tensor& dtable, const Tensor& dy, const Tensor& ids, double scale, int64_t padding_id) {
  LB_CHECK(dtable.shape().rank() == 2 && dtable.shape()[1] == dy.shape().last() &&
               dtable.dtype() == compute_type(dy.dtype()),
           "embedding_backward_add_", "gradient {} {} cannot be added to {} {}", to_string(dy.dtype()),
           dy.shape().str(), to_string(dtable.dtype()), dtable.shape().str());
  run_backward(dtable, dy, ids, scale, padding_id, true);
}

}  // namespace lowbit::ops
