#pragma once

#include "core/tensor.h"

namespace lowbit::ops {

/// What a normalisation keeps for its backward: mean [rows] (undefined for RMS norm) and rstd [rows].
struct NormResult {
  Tensor y, mean, rstd;
};
struct NormGrads {
  Tensor dx, dweight, dbias;
};
enum class NormKind : uint8_t { layer, rms };

/// Normalises the last axis:  layer: (x - mean) / sqrt(variance + eps),  rms: x / sqrt(mean(x^2) + eps); then * weight
/// + bias.
///   x [..., N]   weight, bias [N] or undefined (a bias only with a weight)
/// Source: Ba et al. 2016, arXiv:1607.06450; Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4.
NormResult norm(NormKind kind, const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);
/// Gradients of norm; dweight and dbias are computed together, or left undefined without `weight_grads`.
NormGrads norm_backward(const Tensor& x, const Tensor& weight, const Tensor& mean, const Tensor& rstd, const Tensor& dy,
                        bool weight_grads);

}  // namespace lowbit::ops
