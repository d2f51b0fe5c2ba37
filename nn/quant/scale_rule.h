#pragma once

#include <vector>

#include "core/ops/quantize.h"
#include "nn/parameter.h"

namespace lowbit {

/// The scale rule of a method: from a tensor to codes and scales, given the code book, the granularity and the elements
/// that let the gradient pass. One paper idea a file, in nn/quant/rules/.
class ScaleRule {
 public:
  virtual ~ScaleRule() = default;

  virtual ops::Encoding encode(const Tensor& x, CodeBook book, Granularity per, const ops::PassRule& pass) const = 0;

  /// Whether the gradient takes the rule's own statistics for constants.
  virtual bool constant_statistics() const { return true; }
  /// The straight-through gradient after that of the statistics; dx itself where they are constants.
  virtual Tensor through_statistics(Tensor dx) const { return dx; }

  /// The learned scale; null for rules made of statistics or constants.
  virtual Parameter* parameter() { return nullptr; }
  /// Gradient of the learned scale, shape of the parameter, given that of the quantized values.
  virtual Tensor parameter_grad(const Tensor& x, const Tensor& dq) const;
  virtual void calibrate(const Tensor& x) { (void)x; }
  virtual bool calibrated() const { return true; }
  virtual void set_calibrated(bool) {}
};

}  // namespace lowbit
