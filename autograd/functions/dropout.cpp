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

Variable dropout_add(const Variable& given_residual, const Variable& given, double p, uint64_t key, SourceLine at) {
  const Variable residual = stored(given_residual, at), x = stored(given, at);
  return record(
      "dropout_add", ops::dropout_add(residual.value(), x.value(), p, key), {residual, x},
      [p, key](const Tensor& dy, GradSink& dx) {
        dx.add(0, dy);
        if (dx.needs(1)) dx.add(1, ops::dropout(dy, p, key));
      },
      at);
}

}  // namespace lowbit
