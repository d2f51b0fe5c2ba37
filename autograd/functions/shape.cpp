#include "autograd/functions/shape.h"

namespace lowbit {

Variable reshape(const Variable& x, const Shape& shape, SourceLine at) {
  return record(
      "reshape", x.value().reshape(shape), {x},
      [original = x.shape()](const Tensor& dy, GradSink& dx) { dx.add(0, dy.reshape(original)); }, at);
}

}  // namespace lowbit
