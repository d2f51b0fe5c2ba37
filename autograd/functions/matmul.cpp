#include "autograd/functions/matmul.h"

#include "autograd/precision.h"
#include "core/ops/reduce.h"

namespace lowbit {

Variable linear(const Variable& given, const Variable& weight, const Variable& bias, SourceLine at) {
  const Variable x = stored(given, at);
  LB_CHECK(weight.shape().rank() == 2 && x.shape().rank() >= 1 && x.shape().last() == weight.shape()[1], "linear",
           "input {} must end in the columns of the weight {}", x.shape().str(), weight.shape().str());
  const DType operand = ops::operand_type(x.dtype());
  const Tensor factor = x.value().to(operand);
  const Tensor y =
      ops::matmul(factor, weight.value().to(operand),
                  {.transpose_b = true, .bias = bias.defined() ? bias.value() : Tensor(), .result = x.dtype()});
  return record(
      "linear", y, {x, weight, bias},
      [x = Saved(factor), weight = SavedValue(weight), operand](const Tensor& dy, GradSink& dx) {
        const Tensor dy_factor = dx.needs(0) || dx.needs(1) ? dy.to(operand) : Tensor();
        if (dx.needs(0))
          add_product(dx, 0, dy.dtype(), FloatProduct{dy_factor, weight.get().to(operand), {.result = dy.dtype()}});
        const DType wide = compute_type(dy.dtype());
        if (dx.needs(1))
          add_product(dx, 1, wide, FloatProduct{dy_factor, x.get(), {.transpose_a = true, .result = wide}});
        if (dx.needs(2)) dx.add(2, ops::column_sum(dy));
      },
      at);
}

}  // namespace lowbit
