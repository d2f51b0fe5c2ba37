#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "autograd/variable.h"

namespace lowbit::testing {

struct GradcheckOptions {
  double step = 1e-3;
  double rtol = 1e-7;
  double atol = 1e-9;
  uint64_t seed = 1;
};

using DifferentiableFn = std::function<Variable(const std::vector<Variable>&)>;

/// Compares backward() of sum(fn(inputs) * u), u a fixed random direction, with 4-point central differences for every
/// element of every f64 input. Non-floating inputs are passed through. The failure names input and element.
::testing::AssertionResult gradcheck(const DifferentiableFn& fn, const std::vector<Tensor>& inputs,
                                     const GradcheckOptions& options = {});

}  // namespace lowbit::testing
