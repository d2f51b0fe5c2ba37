#include "optim/adam.h"

#include <cmath>

#include "core/error.h"
#include "core/ops/optimizer.h"

namespace lowbit {
namespace {

bool is_rate(double beta) { return beta >= 0 && beta < 1; }

}  // namespace

Adam::Adam(std::vector<ParamGroup> groups, const AdamConfig& config)
    : Optimizer(config.decay == WeightDecay::decoupled ? "adamw" : "adam", {"exp_avg", "exp_avg_sq"},
                std::move(groups)),
      config_(config) {
  LB_REQUIRE(is_rate(config.beta1) && is_rate(config.beta2) && config.eps >= 0, ErrorKind::usage, "adam",
             "betas must be in [0, 1) and eps at least 0, got {}, {} and {}", config.beta1, config.beta2, config.eps);
}

void Adam::update(const Slot& slot) {
  const double t = static_cast<double>(slot.update);
  const double correction1 = 1 - std::pow(config_.beta1, t);
  const double root_correction2 = std::sqrt(1 - std::pow(config_.beta2, t));
  const bool decoupled = config_.decay == WeightDecay::decoupled;
  const bool torch = config_.form == AdamForm::torch;
  ops::adam_step_(slot.parameter, slot.moments[0], slot.moments[1], slot.grad,
                  {.grad_scale = slot.grad_scale,
                   .l2 = decoupled ? 0 : slot.weight_decay,
                   .keep = decoupled ? 1 - slot.lr * slot.weight_decay : 1,
                   .beta1 = config_.beta1,
                   .beta2 = config_.beta2,
                   .step = slot.lr / correction1 * (torch ? 1 : root_correction2),
                   .root_scale = torch ? 1 / root_correction2 : 1,
                   .eps = config_.eps});
}

}  // namespace lowbit
