#pragma once

namespace lowbit {

/// What the gradient of the loss starts as on this thread, a power of two; 1 outside any scope. Trainers pass it to
/// backward(); ops that run a backward of their own inside the forward (chunked_rows) start from it too.
double loss_scale();

class LossScaleScope {
 public:
  explicit LossScaleScope(double scale);
  ~LossScaleScope();
  LossScaleScope(const LossScaleScope&) = delete;
  LossScaleScope& operator=(const LossScaleScope&) = delete;

 private:
  double outer_;
};

}  // namespace lowbit
