#include "autograd/functions/dropout.h"

#include "autograd/precision.h"
#include "core/ops/dropout.h"

namespace lowbit {

Variable dropout(const Variable& given, double p, uint64_t key, SourceLine at) {
  if (p == 0) return given;
  const Variable x = stored(given, at);
  return record(
      "dropout", ops::dropout(x.value(), p, key), {x},
      [p, key](const Tensor& dy, GradSink& dx) { dx.add(0, ops::dropout(dy, p, key)); }, at);
}

}  // namespace lowbit
