#include "tests/support/gradcheck.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "core/random.h"

namespace lowbit::testing {
namespace {

std::vector<Variable> leaves(const std::vector<Tensor>& inputs) {
  std::vector<Variable> variables;
  for (const Tensor& input : inputs) variables.emplace_back(input.clone(), input.dtype() == DType::f64);
  return variables;
}

double dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.numel(); ++i) sum += a.data<double>()[i] * b.data<double>()[i];
  return sum;
}

}  // namespace

::testing::AssertionResult gradcheck(const DifferentiableFn& fn, const std::vector<Tensor>& inputs,
                                     const GradcheckOptions& options) {
  std::vector<Variable> x = leaves(inputs);
  const Variable y = fn(x);
  if (y.dtype() != DType::f64)
    return ::testing::AssertionFailure() << "the result is " << to_string(y.dtype()) << ", not f64";
  const Tensor u = random_uniform(y.shape(), -1, 1, options.seed, DType::f64);
  y.backward(u);
  GradMode off(false);
  for (size_t i = 0; i < x.size(); ++i) {
    if (inputs[i].dtype() != DType::f64) continue;
    if (!x[i].has_grad()) return ::testing::AssertionFailure() << "input " << i << " got no gradient";
    for (int64_t e = 0; e < inputs[i].numel(); ++e) {
      double& element = x[i].mutable_value().mutable_data<double>()[e];
      const double original = element, h = options.step;
      const auto at = [&](double shift) {
        element = original + shift;
        return dot(fn(x).value(), u);
      };
      const double numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      element = original;
      const double analytic = x[i].grad().data<double>()[e];
      if (!(std::abs(analytic - numeric) <= options.atol + options.rtol * std::abs(numeric)))
        return ::testing::AssertionFailure()
               << "input " << i << " element " << e << ": backward " << analytic << ", finite difference " << numeric;
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace lowbit::testing
