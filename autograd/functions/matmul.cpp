#include "autograd/functions/matmul.h"

#include "core/ops/matmul.h"
#include "core/ops/reduce.h"

namespace lowbit {

Variable linear(const Variable& x, const Variable& weight, const Variable& bias, SourceLine at) {
  LB_CHECK(weight.shape().rank() == 2 && x.shape().rank() >= 1 && x.shape().last() == weight.shape()[1], "linear",
           "input {} must end in the columns of the weight {}", x.shape().str(), weight.shape().str());
  const Tensor y =
      ops::matmul(x.value(), weight.value(), {.transpose_b = true, .bias = bias.defined() ? bias.value() : Tensor()});
  return record(
      "linear", y, {x, weight, bias},
      [x = Saved(x.value()), weight = Saved(weight.value())](const Tensor& dy, GradSink& dx) {
        if (dx.needs(0)) dx.add(0, ops::matmul(dy, weight.get()));
        if (dx.needs(1)) dx.add(1, ops::matmul(dy, x.get(), {.transpose_a = true}));
        if (dx.needs(2)) dx.add(2, ops::column_sum(dy));
      },
      at);
}

}  // namespace lowbit
