#pragma once

#include "optim/optimizer.h"

namespace lowbit {

struct SgdConfig {
  double momentum = 0;
  bool nesterov = false;  ///< needs momentum
};

/// Gradient descent with momentum in PyTorch's form: the learning rate multiplies the buffer, not what enters it.
/// Weight decay is added to the gradient. Moment: momentum_buffer, absent without momentum.
class Sgd final : public Optimizer {
 public:
  /// ErrorKind::usage for momentum outside [0, 1), or nesterov without momentum.
  Sgd(std::vector<ParamGroup> groups, const SgdConfig& config);

 private:
  void update(const Slot& slot) override;

  SgdConfig config_;
};

}  // namespace lowbit
