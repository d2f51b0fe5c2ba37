#pragma once

#include "core/kernels/elementwise_ops.h"
#include "core/tensor.h"

namespace lowbit::ops {

/// op applied to each element; shape and dtype of x.
Tensor unary(Unary op, const Tensor& x);
/// Gradient of unary: dy * slope(x, y). Where the slope does not read the result, y may be anything like x.
Tensor unary_backward(Unary op, const Tensor& x, const Tensor& y, const Tensor& dy);

/// op(a, b). b has the shape of a, or is a trailing part of it that repeats: a bias [N] against [B, T, N].
Tensor binary(Binary op, const Tensor& a, const Tensor& b);
inline Tensor add(const Tensor& a, const Tensor& b) { return binary(Binary::add, a, b); }
inline Tensor sub(const Tensor& a, const Tensor& b) { return binary(Binary::sub, a, b); }
inline Tensor mul(const Tensor& a, const Tensor& b) { return binary(Binary::mul, a, b); }

/// alpha * x.
Tensor scale(const Tensor& x, double alpha);
/// y += alpha * x, in place.
void add_(Tensor& y, const Tensor& x, double alpha = 1);
/// y = x rounded to the type of y, to nearest even; in place.
void round_into_(Tensor& y, const Tensor& x);
/// The same from f32 to bf16, stochastically: up with the probability that makes the expectation x. `key` decides.
void round_into_(Tensor& y, const Tensor& x, uint64_t key);
/// A tensor of one repeated value.
Tensor full(const Shape& shape, double value, DType dtype = DType::f32, Device device = {});
/// y *= alpha, in place.
void scale_(Tensor& y, double alpha);

}  // namespace lowbit::ops
