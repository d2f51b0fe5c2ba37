#pragma once

#include <array>
#include <string_view>

#include "nn/module.h"

namespace lowbit {

/// What a run stores in which floating type. All of them compute in f32 and round once a store; sums over many
/// elements, parameter gradients, optimizer moments, quantizer scales and losses stay f32 in every policy.
enum class PrecisionPolicy : uint8_t {
  fp32,
  fp16,       ///< activations and their gradients f16, f32 weights, loss scaling
  fp16_lean,  ///< matrices f16 too, without an f32 copy: an update below half a step of f16 is lost
  bf16,       ///< activations and their gradients bf16, f32 weights, no loss scaling
  bf16_sr,    ///< matrices bf16 too, without an f32 copy, updated with stochastic rounding
};

struct PolicyRow {
  PrecisionPolicy policy;
  std::string_view name;
  DType activations, matrices;
  bool loss_scaling, stochastic_rounding;
  int bytes_per_weight;  ///< of a matrix under Adam: weight, gradient, two moments
};

inline constexpr std::array kPolicies = {
    PolicyRow{PrecisionPolicy::fp32, "fp32", DType::f32, DType::f32, false, false, 16},
    PolicyRow{PrecisionPolicy::fp16, "fp16", DType::f16, DType::f32, true, false, 16},
    PolicyRow{PrecisionPolicy::fp16_lean, "fp16-lean", DType::f16, DType::f16, true, false, 14},
    PolicyRow{PrecisionPolicy::bf16, "bf16", DType::bf16, DType::f32, false, false, 16},
    PolicyRow{PrecisionPolicy::bf16_sr, "bf16-sr", DType::bf16, DType::bf16, false, true, 14},
};

constexpr const PolicyRow& row_of(PrecisionPolicy policy) { return kPolicies[static_cast<size_t>(policy)]; }

/// Stores the matrices and tables below `root` as the policy says; vectors and quantizer parameters stay f32. Before an
/// optimizer or anybody else has taken a handle of them.
void store_matrices(Module& root, PrecisionPolicy policy);

}  // namespace lowbit
