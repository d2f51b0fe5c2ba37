#pragma once

#include "core/random.h"
#include "nn/module.h"

namespace lowbit::test {

/// One parameter of each kind, a tied one and a frozen one.
struct ToyModule : Module {
  Parameter weight{"weight", Variable(random_normal({4, 3}, 0, 1, 1), true), ParameterKind::weight};
  Parameter bias{"bias", Variable(random_normal({4}, 0, 1, 2), true), ParameterKind::vector};
  Parameter alpha{"alpha", Variable(Tensor::from<float>({1}, {0.5f}), true), ParameterKind::quantizer};
  Parameter tied{"tied", weight.value, ParameterKind::weight};
  Parameter frozen{"frozen", Variable(Tensor::zeros({2}), false), ParameterKind::weight};

  ToyModule() {
    for (Parameter* parameter : {&weight, &bias, &alpha, &tied, &frozen}) own(*parameter);
  }

  /// Gradients that depend on the values and on `step`, as those of a loss would.
  void set_grads(uint64_t step) {
    uint64_t key = 100 * step;
    for (Parameter* parameter : {&weight, &bias, &alpha}) {
      parameter->value.clear_grad();
      const Tensor& value = parameter->value.value();
      Tensor grad = random_normal(value.shape(), 0, 1, ++key);
      for (int64_t i = 0; i < grad.numel(); ++i) grad.mutable_data<float>()[i] += value.data<float>()[i];
      parameter->value.backward(grad);
    }
  }
};

}  // namespace lowbit::test
