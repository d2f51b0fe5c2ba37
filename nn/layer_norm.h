#pragma once

#include "nn/module.h"

namespace lowbit {

/// Layer normalisation over the last axis with gain and bias (Ba et al. 2016, arXiv:1607.06450).
///   forward  x [..., dim] -> same shape
class LayerNorm final : public Module {
 public:
  static constexpr double kEpsilon = 1e-5;

  explicit LayerNorm(int64_t dim, double eps = kEpsilon);
  Variable forward(const Variable& x) const;

 private:
  Parameter weight_, bias_;
  double eps_;
};

}  // namespace lowbit
