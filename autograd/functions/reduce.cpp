#include "autograd/functions/reduce.h"

#include "core/ops/elementwise.h"
#include "core/ops/reduce.h"

namespace lowbit {
namespace {

Variable scaled_sum(std::string_view name, const Variable& x, double factor, SourceLine at) {
  const Tensor& value = x.value();
  return record(
      name, ops::full(Shape{}, factor * ops::summarise(value).sum, compute_type(value.dtype()), value.device()), {x},
      [factor, shape = value.shape(), dtype = value.dtype(), device = value.device()](const Tensor& dy, GradSink& dx) {
        dx.add(0, ops::full(shape, factor * dy.item(), dtype, device));
      },
      at);
}

}  // namespace

Variable sum(const Variable& x, SourceLine at) { return scaled_sum("sum", x, 1, at); }

Variable mean(const Variable& x, SourceLine at) {
  LB_CHECK(x.value().numel() > 0, "mean", "{} has no elements", x.shape().str());
  return scaled_sum("mean", x, 1.0 / static_cast<double>(x.value().numel()), at);
}

}  // namespace lowbit
