#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/lib/options/registry.h"
#include "autograd/precision.h"
#include "core/ops/matmul.h"
#include "nn/precision_policy.h"
#include "optim/loss_scaler.h"

namespace lowbit {

struct PrecisionOptions {
  PrecisionPolicy policy = PrecisionPolicy::fp32;
  std::vector<std::string> sites;      ///< "PATTERN=fp32|fp16|bf16"
  std::vector<std::string> exponents;  ///< "PATTERN=INTEGER"
};

/// 0, or a negative value where 0 means something, keeps what the preset says.
struct LossScaleOptions {
  std::string preset = "ours";
  double init = 0, min = -1, max = -1, threshold = -1, tolerance = -1;
  int64_t interval = 0, hysteresis = 0;
  int64_t retry = 0;  ///< times that a skipped batch is tried again
};

/// The policies by name, for options.
EnumNames<PrecisionPolicy> precision_policy_names();
void declare_precision_options(OptionRegistry& registry, PrecisionOptions& options);
void declare_loss_scale_options(OptionRegistry& registry, LossScaleOptions& options);

/// Errors (usage): an item that is not PATTERN=TYPE or PATTERN=INTEGER.
Precision precision_of(const PrecisionOptions& options);
/// Error (usage) for a pattern that matches no module of the model, with the nearest that there is.
void check_patterns(const Precision& precision, Module& model);
/// The scaler of a run; none for a policy without loss scaling. Errors (usage): numbers that do not fit.
std::optional<LossScalerConfig> loss_scaler_of(const PrecisionOptions& precision, const LossScaleOptions& options,
                                               int64_t update_freq);

/// What --dump-precision-plan prints: the policy, how matrices are multiplied, the rules of every op, and where sites
/// differ.
std::string precision_plan(const PrecisionOptions& options, ops::MatmulPrecision matmul, Module& model);

}  // namespace lowbit
