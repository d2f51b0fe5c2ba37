#include "autograd/functions/norm.h"

#include "autograd/precision.h"
#include "core/ops/norm.h"

namespace lowbit {
namespace {

Variable normalise(std::string_view name, ops::NormKind kind, const Variable& given, const Variable& weight,
                   const Variable& bias, double eps, SourceLine at) {
  const Variable x = stored(given, at);
  const Tensor w = weight.defined() ? weight.value() : Tensor();
  const ops::NormResult result = ops::norm(kind, x.value(), w, bias.defined() ? bias.value() : Tensor(), eps);
  return record(
      name, result.y, {x, weight, bias},
      [x = Saved(x.value()), w = Saved(w), mean = result.mean, rstd = result.rstd](const Tensor& dy, GradSink& dx) {
        const bool weight_grads = dx.needs(1) || dx.needs(2);
        ops::NormGrads grads = ops::norm_backward(x.get(), w.get(), mean, rstd, dy, weight_grads);
        dx.add(0, std::move(grads.dx));
        if (dx.needs(1)) dx.add(1, std::move(grads.dweight));
        if (dx.needs(2)) dx.add(2, std::move(grads.dbias));
      },
      at);
}

}  // namespace

Variable layer_norm(const Variable& x, const Variable& weight, const Variable& bias, double eps, SourceLine at) {
  return normalise("layer_norm", ops::NormKind::layer, x, weight, bias, eps, at);
}

Variable rms_norm(const Variable& x, const Variable& weight, double eps, SourceLine at) {
  return normalise("rms_norm", ops::NormKind::rms, x, weight, {}, eps, at);
}

}  // namespace lowbit
