#pragma once

#include "optim/optimizer.h"

namespace lowbit {

enum class WeightDecay : uint8_t {
  decoupled,  ///< AdamW: p shrinks by lr * weight_decay * p (Loshchilov and Hutter 2019, arXiv:1711.05101)
  l2,         ///< classic: weight_decay * p is added to the gradient, so moments see it
};

/// Where the bias correction of v stands, bc = 1 - beta^t:
///   torch    lr * (m / bc1) / (sqrt(v / bc2) + eps)
///   fairseq  lr * sqrt(bc2) / bc1 * m / (sqrt(v) + eps): eps acts as eps / sqrt(bc2), 7 to 32 times larger at t = 1
enum class AdamForm : uint8_t { torch, fairseq };

struct AdamConfig {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  WeightDecay decay = WeightDecay::decoupled;
  AdamForm form = AdamForm::torch;
};

/// Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1) and AdamW. Moments: exp_avg, exp_avg_sq.
class Adam final : public Optimizer {
 public:
  /// ErrorKind::usage for betas outside [0, 1) or a negative eps.
  Adam(std::vector<ParamGroup> groups, const AdamConfig& config);

 private:
  void update(const Slot& slot) override;

  AdamConfig config_;
};

}  // namespace lowbit
