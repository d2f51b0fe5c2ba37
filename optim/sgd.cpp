#include "optim/sgd.h"

#include "core/error.h"
#include "core/ops/optimizer.h"

namespace lowbit {
namespace {

std::vector<std::string> moments_of(const SgdConfig& config) {
  if (config.momentum == 0) return {};
  return {"momentum_buffer"};
}

}  // namespace

Sgd::Sgd(std::vector<ParamGroup> groups, const SgdConfig& config)
    : Optimizer("sgd", moments_of(config), std::move(groups)), config_(config) {
  LB_REQUIRE(config.momentum >= 0 && config.momentum < 1, ErrorKind::usage, "sgd", "momentum must be in [0, 1), got {}",
             config.momentum);
  LB_REQUIRE(!config.nesterov || config.momentum > 0, ErrorKind::usage, "sgd", "nesterov needs momentum");
}

void Sgd::update(const Slot& slot) {
  Tensor none;
  ops::sgd_step_(slot.parameter, slot.moments.empty() ? none : slot.moments[0], slot.grad,
                 {.grad_scale = slot.grad_scale,
                  .l2 = slot.weight_decay,
                  .momentum = config_.momentum,
                  .lr = slot.lr,
                  .nesterov = config_.nesterov});
}

}  // namespace lowbit
