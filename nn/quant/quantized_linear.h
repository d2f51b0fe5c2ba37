#pragma once

#include "nn/quant/quantized_weight.h"

namespace lowbit {

/// y = x W^T + b through the slots of its weight and its input.
///   x [..., in]   weight [out, in]   bias [out] or undefined    returns [..., out]
/// Both slots filled: the integer path. The codes of x and W meet in an exact int32 product with one float epilogue,
/// the same call in training and in inference, frozen or not. One slot filled: fake quantization and a float product.
/// Gradient: x, weight, bias and the learned scales: dX = (dY Ŵ) by the rule of the input, dW = (dY^T X̂) by the rule of
/// the weight, on the dequantized values in the type that ops::matmul_precision() asks for; with int8, in integers,
/// from the codes of W and X and those that ops::encode_gradient makes of dY, for up to 65536 outputs.
/// Memory: saves the codes of x and its mask bits; x itself for a learned input scale only.
Variable slotted_linear(const Variable& x, QuantizedWeight& weight, const Variable& bias, QuantSlot& input,
                        const ForwardContext& context, SourceLine at = SourceLine::here());

}  // namespace lowbit
