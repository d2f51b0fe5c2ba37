#include "core/ops/reduce.h"

#include <algorithm>

#include "core/error.h"
#include "core/kernels/row_blocks.h"

namespace lowbit::ops {

Summary summarise(const Tensor& x) {
  LB_CHECK(is_floating(x.dtype()), "summarise", "needs a floating type, got {}", to_string(x.dtype()));
  Summary result;
  reduce_kernels(x.device(), x.dtype()).summary(current_stream(x.device()), {x.raw(), &result, x.numel(), x.dtype()});
  return result;
}

Summary summarise(std::span<const Tensor> list) {
  Summary total;
  for (const Tensor& x : list) {
    if (!x.defined()) continue;
    const Summary part = summarise(x);
    total.sum += part.sum;
    total.sum_squares += part.sum_squares;
    total.absmax = std::max(total.absmax, part.absmax);
    total.nonfinite += part.nonfinite;
  }
  return total;
}

Tensor column_sum(const Tensor& x) {
  LB_CHECK(x.shape().rank() >= 1 && is_floating(x.dtype()), "column_sum", "needs a floating matrix, got {} {}",
           to_string(x.dtype()), x.shape().str());
  const int64_t rows = x.shape().rows(), cols = x.shape().last();
  Tensor y = Tensor::empty(Shape{cols}, compute_type(x.dtype()), x.device());
  Tensor workspace = Tensor::empty(Shape{row_block_count(rows), cols}, compute_type(x.dtype()), x.device());
  reduce_kernels(x.device(), x.dtype())
      .column_sum(current_stream(x.device()),
                  {x.raw(), y.mutable_raw(), workspace.mutable_raw(), rows, cols, x.dtype()});
  return y;
}

}  // namespace lowbit::ops
