#pragma once

#include "nn/quant/weight_slot.h"

namespace lowbit {

/// y = x W^T + b through the slots of its weight and its input.
///   x [..., in]   weight [out, in], undefined when its slot is frozen   bias [out] or undefined    returns [..., out]
/// Both slots filled: the integer path. The codes of x and W meet in an exact int32 product with one float epilogue,
/// the same call in training and in inference, frozen or not. One slot filled: fake quantization and a float product.
/// Gradient: x, weight, bias and the learned scales: dX = (dY Ŵ) by the rule of the input, dW = (dY^T X̂) by the rule of
/// the weight, in floats on the dequantized values.
/// Memory: saves the codes of x and its mask bits; x itself for a learned input scale only.
Variable slotted_linear(const Variable& x, const Variable& weight, const Variable& bias, QuantSlot& input,
                        WeightSlot& weight_slot, const ForwardContext& context, SourceLine at = SourceLine::here());

}  // namespace lowbit
