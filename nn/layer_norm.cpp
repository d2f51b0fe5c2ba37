#include "nn/layer_norm.h"

#include "autograd/functions/norm.h"

namespace lowbit {
namespace {

Tensor ones(int64_t dim) { return Tensor::from(Shape{dim}, std::vector<float>(static_cast<size_t>(dim), 1.0f)); }

}  // namespace

LayerNorm::LayerNorm(int64_t dim, double eps)
    : weight_{"weight", Variable(ones(dim), true), ParameterKind::vector},
      bias_{"bias", Variable(Tensor::zeros({dim}), true), ParameterKind::vector},
      eps_(eps) {
  own(weight_);
  own(bias_);
}

Variable LayerNorm::forward(const Variable& x) const { return layer_norm(x, weight_.value, bias_.value, eps_); }

}  // namespace lowbit
