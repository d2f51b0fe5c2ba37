#pragma once

#include "core/ops/quantize.h"
#include "core/quant/packed.h"

namespace lowbit::ops {

/// y = dequantize(x) w^T + bias from the integer codes: int32 sums are exact, and the float epilogue is the same on
/// every target and for every batch, so a token's result depends on that token alone.
///   x [..., in]    w [out, in]    bias f32 [out] or undefined    returns f32 [..., out]
Tensor qlinear(const QTensor& x, const PackedWeight& w, const Tensor& bias = {});
/// y += dequantize(x) w^T, in place.      y f32 [..., out]
void qlinear_add_(Tensor& y, const QTensor& x, const PackedWeight& w);

/// How qouter() needs the gradient dy of the output of a layer with that input.
GradientUse gradient_use(const PackedInput& x);
/// dy^T dequantize(x), the gradient of a weight.
///   dy [..., out] as encode_gradient(dy, gradient_use(x)) gives it    x [..., in]    returns f32 [out, in]
Tensor qouter(const GradientCodes& dy, const PackedInput& x);
/// y += dy^T dequantize(x), in place.
void qouter_add_(Tensor& y, const GradientCodes& dy, const PackedInput& x);

}  // namespace lowbit::ops
