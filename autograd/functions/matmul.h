#pragma once

#include "autograd/variable.h"
#include "core/ops/matmul.h"

namespace lowbit {

/// y = x W^T + b, in the float arithmetic of the operands' type, or as ops::matmul_precision() asks.
///   x [..., K]   weight [N, K]   bias [N] or undefined    returns [..., N]
/// Gradient: x, weight, bias (column sums in a fixed order). Memory: saves x (as multiplied) and weight.
Variable linear(const Variable& x, const Variable& weight, const Variable& bias, SourceLine at = SourceLine::here());

/// op(a) op(b) for add_product().
struct FloatProduct {
  Tensor a, b;
  ops::MatmulOptions options;
  Tensor value() const { return ops::matmul(a, b, options); }
  void add_to(Tensor& sum) const { ops::matmul_add_(sum, a, b, options); }
};
/// For the backward of layers: gives a product of type `result` to an input, added in place where it has a gradient
/// already. Product: value() makes it, add_to(sum) adds it.
template <class Product>
void add_product(GradSink& dx, size_t input, DType result, const Product& product) {
  if (Tensor* sum = dx.sum(input); sum && sum->dtype() == result)
    product.add_to(*sum);
  else
    dx.add(input, product.value());
}

}  // namespace lowbit
