// Low-bit layers learn: a two-layer network with ternary weights and 8-bit activations fits a smooth function.
#include <gtest/gtest.h>

#include <cmath>

#include "autograd/functions/elementwise.h"
#include "autograd/functions/reduce.h"
#include "autograd/grad_mode.h"
#include "core/ops/elementwise.h"
#include "core/random.h"
#include "nn/linear.h"

namespace lowbit {
namespace {

class Mlp final : public Module {
 public:
  explicit Mlp(bool low_bit) : fc1({.in = 2, .out = 64}, 1), fc2({.in = 64, .out = 1}, 2) {
    own("fc1", fc1);
    own("fc2", fc2);
    if (!low_bit) return;
    each_slot([](const std::string& path, Slot& slot) {
      if (path.ends_with(".weight")) slot.assign("tbt_weight bits=2");
      if (path == "fc1.input") slot.assign("absmax bits=8");
      if (path == "fc2.input") slot.assign("minmax bits=8 shift=0");
    });
  }
  Variable forward(const Variable& x, const ForwardContext& context) {
    return fc2.forward(relu(fc1.forward(x, context)), context);
  }
  Linear fc1, fc2;
};

struct Sample {
  Tensor x, y;
};

/// sin(2a) cos(b) on [-1.5, 1.5]^2.
Sample draw(int64_t count, uint64_t key) {
  Sample sample{random_uniform({count, 2}, -1.5, 1.5, key), Tensor::empty({count, 1})};
  const float* x = sample.x.data<float>();
  float* y = sample.y.mutable_data<float>();
  for (int64_t i = 0; i < count; ++i) y[i] = std::sin(2 * x[2 * i]) * std::cos(x[2 * i + 1]);
  return sample;
}

Variable mean_square(const Variable& prediction, const Tensor& target) {
  const Variable error = add(prediction, Variable(ops::scale(target, -1)));
  return mean(unary(Unary::square, error));
}

/// Adam with the usual constants, over the parameters of a module.
class SmallAdam {
 public:
  void step(Module& module, double lr) {
    ++steps_;
    size_t index = 0;
    module.each_parameter([&](const std::string&, Parameter& parameter) {
      const int64_t n = parameter.value.value().numel();
      if (index == moments_.size()) moments_.emplace_back(std::vector<double>(2 * static_cast<size_t>(n)));
      std::vector<double>& moments = moments_[index++];
      const float* grad = parameter.value.grad().data<float>();
      float* value = parameter.value.mutable_value().mutable_data<float>();
      for (int64_t i = 0; i < n; ++i) {
        double &m = moments[static_cast<size_t>(2 * i)], &v = moments[static_cast<size_t>(2 * i + 1)];
        m = 0.9 * m + 0.1 * grad[i];
        v = 0.999 * v + 0.001 * grad[i] * grad[i];
        value[i] -= static_cast<float>(lr * m / (1 - std::pow(0.9, steps_)) /
                                       (std::sqrt(v / (1 - std::pow(0.999, steps_))) + 1e-8));
      }
    });
    module.clear_grads();
  }

 private:
  int steps_ = 0;
  std::vector<std::vector<double>> moments_;
};

double error_after_training(Mlp& mlp) {
  constexpr int kSteps = 600;
  SmallAdam adam;
  for (int step = 0; step < kSteps; ++step) {
    const Sample batch = draw(128, philox_key(7, static_cast<uint64_t>(step)));
    mean_square(mlp.forward(Variable(batch.x), {.training = true}), batch.y).backward();
    adam.step(mlp, 0.01 * (1 - static_cast<double>(step) / kSteps));
  }
  const GradMode off(false);
  const Sample held_out = draw(1000, 99);
  return mean_square(mlp.forward(Variable(held_out.x), {}), held_out.y).value().item();
}

TEST(LowBitTraining, ATernaryNetworkFitsASmoothFunction) {
  const Sample held_out = draw(1000, 99);
  double variance = 0;
  for (float y : held_out.y.to_vector<float>()) variance += static_cast<double>(y) * y / 1000;

  Mlp low_bit(true), wide(false);
  const double error = error_after_training(low_bit);
  EXPECT_LT(error, 0.1 * variance);
  EXPECT_LT(error_after_training(wide), error) << "float is the upper bound, or the comparison is broken";

  const GradMode off(false);
  const std::vector<float> trained = low_bit.forward(Variable(held_out.x), {}).value().to_vector<float>();
  freeze_tree(low_bit);
  EXPECT_EQ(low_bit.forward(Variable(held_out.x), {}).value().to_vector<float>(), trained);
}

}  // namespace
}  // namespace lowbit
