#include "autograd/functions/softmax.h"

#include "autograd/precision.h"
#include "core/ops/softmax.h"

namespace lowbit {

Variable softmax(const Variable& given, SourceLine at) {
  const Variable x = stored(given, at);
  const Tensor y = ops::softmax(x.value());
  return record(
      "softmax", y, {x},
      [y = Saved(y)](const Tensor& dy, GradSink& dx) { dx.add(0, ops::softmax_backward(y.get(), dy)); }, at);
}

}  // namespace lowbit
