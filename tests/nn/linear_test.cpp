#include "nn/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "autograd/functions/elementwise.h"
#include "autograd/functions/matmul.h"
#include "autograd/grad_mode.h"
#include "core/ops/matmul.h"
#include "core/ops/quantize.h"
#include "core/random.h"
#include "tests/support/relative_distance.h"

namespace lowbit {
namespace {

constexpr int64_t kIn = 37, kOut = 19, kTokens = 11;

struct Pair {
  std::string weight, input;
  friend void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.weight << ", " << pair.input; }
};

class IntegerPath : public ::testing::TestWithParam<Pair> {
 protected:
  IntegerPath() : linear_({.in = kIn, .out = kOut}, 3) {
    linear_.each_slot([](const std::string& path, Slot& slot) {
      if (path == "weight") slot.assign(GetParam().weight);
      if (path == "input") slot.assign(GetParam().input);
    });
  }
  Slot& slot(const std::string& wanted) {
    Slot* found = nullptr;
    linear_.each_slot([&](const std::string& path, Slot& one) { found = path == wanted ? &one : found; });
    return *found;
  }
  Variable bias() {
    Variable found;
    linear_.each_parameter(
        [&](const std::string& path, Parameter& one) { found = path == "bias" ? one.value : found; });
    return found;
  }
  /// Activations with a minimum of about -0.17, which suits signed and shifted quantizers.
  static Tensor activations() {
    Tensor x = random_normal({kTokens, kIn}, 0, 0.8, 5);
    float* values = x.mutable_data<float>();
    for (int64_t i = 0; i < x.numel(); ++i) values[i] = std::max(values[i], -0.17f);
    return x;
  }

  Linear linear_;
};

INSTANTIATE_TEST_SUITE_P(
    Books, IntegerPath,
    ::testing::Values(Pair{"tbt_weight bits=1", "tbt_activation bits=8"}, Pair{"tbt_weight bits=2", "absmax bits=8"},
                      Pair{"tbt_weight bits=4", "absmax bits=8"}, Pair{"tbt_weight bits=8", "absmax bits=8"},
                      Pair{"tbt_weight bits=2", "minmax bits=8 shift=-0.17"},
                      Pair{"tbt_weight bits=2", "minmax bits=8 per=tensor clip=2.5 shift=min"},
                      Pair{"tbt_weight bits=2", "fixed bits=8 scale=0.01 offset=-0.2"},
                      Pair{"tbt_weight bits=2", "elastic bits=2"}, Pair{"tbt_weight bits=1", "elastic bits=1"},
                      Pair{"tbt_weight bits=1", "elastic bits=1 signed=false"},
                      Pair{"tbt_weight bits=2", "elastic bits=2 signed=false shift=-0.17"},
                      Pair{"twn", "absmax bits=4"}, Pair{"bitnet_b158", "bitnet_activation"},
                      Pair{"lsq bits=4", "lsq bits=4"}, Pair{"svcd_weight groups=2", "absmax bits=8"}));

TEST_P(IntegerPath, EqualsDequantizedProductWithinTheEpilogueBound) {
  const Tensor x = activations();
  const Tensor y = linear_.forward(Variable(x), {.training = true}).value();
  const auto values = [&](const std::string& path, const Tensor& of) {
    return dequantize(dynamic_cast<QuantSlot&>(slot(path)).get()->encode(of).q).to_vector<float>();
  };
  const std::vector<float> xq = values("input", x), wq = values("weight", linear_.weight().value.value()),
                           b = bias().value().to_vector<float>();
  for (int64_t m = 0; m < kTokens; ++m)
    for (int64_t n = 0; n < kOut; ++n) {
      double exact = b[static_cast<size_t>(n)], size = std::abs(exact);
      for (int64_t k = 0; k < kIn; ++k) {
        const double term =
            static_cast<double>(xq[static_cast<size_t>(m * kIn + k)]) * wq[static_cast<size_t>(n * kIn + k)];
        exact += term;
        size += std::abs(term);
      }
      // The sum of codes is exact; the epilogue rounds at most six times, and so does each dequantized factor.
      ASSERT_NEAR(y.data<float>()[m * kOut + n], exact, 8 * 0x1p-24 * size) << m << ", " << n;
    }
}

TEST_P(IntegerPath, GradientsAreThoseOfFakeQuantization) {
  const Tensor upstream = random_normal({kTokens, kOut}, 0, 1, 8);
  const Variable x(activations(), true);
  linear_.forward(x, {.training = true}).backward(upstream);
  std::vector<std::pair<std::string, std::vector<float>>> integer = {{"x", x.grad().to_vector<float>()}};
  linear_.each_parameter([&](const std::string& path, Parameter& parameter) {
    integer.emplace_back(path, parameter.value.grad().to_vector<float>());
  });

  linear_.clear_grads();
  const Variable again(x.value(), true);
  linear(dynamic_cast<QuantSlot&>(slot("input")).get()->fake_quantize(again),
         dynamic_cast<QuantSlot&>(slot("weight")).get()->fake_quantize(linear_.weight().value), bias())
      .backward(upstream);
  std::vector<std::pair<std::string, std::vector<float>>> reference = {{"x", again.grad().to_vector<float>()}};
  linear_.each_parameter([&](const std::string& path, Parameter& parameter) {
    reference.emplace_back(path, parameter.value.grad().to_vector<float>());
  });
  EXPECT_EQ(integer, reference);
}

/// With int8 products input and weight are given the gradients that float products of rounded output gradients would
/// give them, and everything else is as with bf16 ones: the bias too, for so few rows are summed in one order.
TEST_P(IntegerPath, Int8RoundsTheOutputGradients) {
  const Tensor upstream = random_normal({kTokens, kOut}, 0, 1, 8);
  const auto gradients = [&](ops::MatmulPrecision precision) {
    const ops::MatmulPrecisionScope scope(precision);
    linear_.clear_grads();
    const Variable x(activations(), true);
    linear_.forward(x, {.training = true}).backward(upstream);
    std::map<std::string, std::vector<float>> found = {{"x", x.grad().to_vector<float>()}};
    linear_.each_parameter([&](const std::string& path, Parameter& parameter) {
      found[path] = parameter.value.grad().to_vector<float>();
    });
    return found;
  };
  auto int8 = gradients(ops::MatmulPrecision::int8), bf16 = gradients(ops::MatmulPrecision::bf16);

  Quantizer& w_rule = *dynamic_cast<QuantSlot&>(slot("weight")).get();
  Quantizer& x_rule = *dynamic_cast<QuantSlot&>(slot("input")).get();
  // Scales by row belong to the gradient that is rounded.
  const auto taken_out = [](QTensor& q) {
    if (q.per == Granularity::tensor) return Tensor();
    const int64_t rows = q.scale.numel();
    return std::exchange(q.scale, Tensor::from<float>({rows}, std::vector<float>(static_cast<size_t>(rows), 1)));
  };
  linear_.clear_grads();
  const Variable x(activations(), true);
  QTensor w_codes = w_rule.encode(linear_.weight().value.value()).q, x_codes = x_rule.encode(x.value()).q;
  const Tensor by_token = dequantize(ops::encode_gradient(upstream, {.column_factor = taken_out(w_codes)}).rows);
  x_rule.fake_quantize(x).backward(ops::matmul(by_token, dequantize(w_codes)));
  const Tensor by_output = dequantize(ops::encode_gradient(upstream, {.row_factor = taken_out(x_codes)}).columns[0]);
  const Tensor offset = std::exchange(x_codes.offset, {});
  Tensor dw = ops::matmul(by_output, dequantize(x_codes));
  if (offset.defined()) {
    Tensor offsets = Tensor::zeros({kTokens, kIn});
    for (int64_t i = 0; i < kTokens * kIn; ++i)
      offsets.mutable_data<float>()[i] = offset.data<float>()[offset.numel() == 1 ? 0 : i / kIn];
    ops::matmul_add_(dw, upstream, offsets, {.transpose_a = true});
  }
  w_rule.fake_quantize(linear_.weight().value).backward(dw);
  std::map<std::string, std::vector<float>> expected = {{"x", x.grad().to_vector<float>()}};
  linear_.each_parameter([&](const std::string& path, Parameter& parameter) {
    if (path != "bias") expected[path] = parameter.value.grad().to_vector<float>();
  });
  for (const auto& [path, values] : expected) {
    EXPECT_LT(testing::relative_distance(values, int8[path]), 1e-5) << path;
    bf16.erase(path);
    int8.erase(path);
  }
  EXPECT_EQ(int8, bf16);
}

TEST_P(IntegerPath, AFrozenWeightGivesTheInputTheSameInt8Gradient) {
  const ops::MatmulPrecisionScope scope(ops::MatmulPrecision::int8);
  const Tensor upstream = random_normal({kTokens, kOut}, 0, 1, 8);
  const auto gradient = [&] {
    const Variable x(activations(), true);
    linear_.forward(x, {.training = true}).backward(upstream);
    return x.grad().to_vector<float>();
  };
  const std::vector<float> trained = gradient();
  linear_.freeze();
  EXPECT_EQ(gradient(), trained);
}

TEST_P(IntegerPath, ASecondBackwardAddsToTheGradients) {
  const Tensor first = random_normal({kTokens, kOut}, 0, 1, 8), second = random_normal({kTokens, kOut}, 0, 1, 9);
  const Variable x(activations(), true);
  const auto backward = [&](const std::vector<Tensor>& upstreams) {
    Variable of_x = x;
    of_x.clear_grad();
    linear_.clear_grads();
    for (const Tensor& upstream : upstreams) linear_.forward(x, {.training = true}).backward(upstream);
    std::vector<std::vector<float>> grads = {x.grad().to_vector<float>()};
    linear_.each_parameter(
        [&](const std::string&, Parameter& parameter) { grads.push_back(parameter.value.grad().to_vector<float>()); });
    return grads;
  };
  const auto one = backward({first}), other = backward({second}), both = backward({first, second});
  for (size_t t = 0; t < both.size(); ++t)
    for (size_t i = 0; i < both[t].size(); ++i)
      ASSERT_NEAR(both[t][i], one[t][i] + other[t][i], 1e-5 * (1 + std::abs(one[t][i]) + std::abs(other[t][i])))
          << "tensor " << t << ", element " << i;
}

TEST_P(IntegerPath, FrozenGivesTheTrainingGraphsBits) {
  const Tensor x = activations();
  const std::vector<float> trained = linear_.forward(Variable(x), {.training = true}).value().to_vector<float>();
  const int64_t parameters = linear_.parameter_count();
  linear_.freeze();
  const GradMode off(false);
  EXPECT_EQ(linear_.forward(Variable(x), {}).value().to_vector<float>(), trained);
  EXPECT_FALSE(linear_.weight().value.defined());
  EXPECT_LE(linear_.parameter_count(), parameters - kIn * kOut);

  // And so does a layer made from the codes, as a loader does it.
  Linear loaded({.in = kIn, .out = kOut, .init = LinearInit::none}, 4);
  loaded.each_slot([](const std::string& path, Slot& one) {
    if (path == "input") one.assign(GetParam().input);
  });
  loaded.freeze(linear_.weight_slot().stored());
  std::vector<Tensor> kept;
  linear_.each_parameter([&](const std::string&, Parameter& parameter) { kept.push_back(parameter.value.value()); });
  loaded.each_parameter([&, i = size_t{0}](const std::string&, Parameter& parameter) mutable {
    parameter.value.mutable_value().copy_from(kept[i++]);
  });
  EXPECT_EQ(loaded.forward(Variable(x), {}).value().to_vector<float>(), trained);
}

TEST(Linear, WeightAloneIsFakeQuantizedAndFreezesToTheSameBits) {
  Linear layer({.in = kIn, .out = kOut}, 3);
  layer.weight_slot().assign("tbt_weight bits=2");
  const Variable x(random_normal({kTokens, kIn}, 0, 1, 5));
  const std::vector<float> trained = layer.forward(x, {.training = true}).value().to_vector<float>();
  const Variable w(layer.weight_slot().get()->fake_quantize(layer.weight().value));
  Variable bias;
  layer.each_parameter([&](const std::string& path, Parameter& one) { bias = path == "bias" ? one.value : bias; });
  EXPECT_EQ(linear(x, w, bias).value().to_vector<float>(), trained);
  layer.freeze();
  EXPECT_EQ(layer.forward(x, {}).value().to_vector<float>(), trained);
}

TEST(Linear, EncodesItsWeightOncePerUpdate) {
  Linear layer({.in = kIn, .out = kOut}, 3);
  layer.weight_slot().assign("tbt_weight bits=2");
  const auto codes = [&] { return layer.weight_slot().encoded(layer.weight().value, {}).get(); };
  const EncodedWeight* first = codes();
  EXPECT_EQ(codes(), first);
  {
    const GradMode off(false);
    EXPECT_EQ(codes(), first) << "evaluation";
  }
  const auto before = layer.weight_slot().encoded(layer.weight().value, {});
  layer.weight().value.mutable_value().mutable_data<float>()[0] += 100;
  const auto after = layer.weight_slot().encoded(layer.weight().value, {});
  EXPECT_NE(after, before);
  EXPECT_EQ(after->codes().codes.data<int8_t>()[0], 1);
}

TEST(Linear, ATrainingPassOffTheTapeServesTheOneOnIt) {
  Linear layer({.in = kIn, .out = kOut}, 3);
  layer.weight_slot().assign("twn");
  const EncodedWeight* first = nullptr;
  {
    const GradMode off(false);
    first = layer.weight_slot().encoded(layer.weight().value, {.training = true}).get();
  }
  EXPECT_EQ(layer.weight_slot().encoded(layer.weight().value, {.training = true}).get(), first);
  EXPECT_TRUE(first->encoded().pass.defined());
}

TEST(Linear, HalfInputsGiveHalfOutputs) {
  Linear layer({.in = kIn, .out = kOut}, 3);
  layer.each_slot([](const std::string& path, Slot& slot) {
    if (path == "weight") slot.assign("tbt_weight bits=2");
    if (path == "input") slot.assign("absmax bits=8");
  });
  const Tensor half = random_normal({kTokens, kIn}, 0, 1, 5).to(DType::f16);
  const Variable x = cast(Variable(half.to(DType::f32), true), DType::f16);
  const Variable y = layer.forward(x, {.training = true});
  EXPECT_EQ(y.dtype(), DType::f16);
  const std::vector<float> wide = layer.forward(Variable(half.to(DType::f32)), {.training = true})
                                      .value()
                                      .to(DType::f16)
                                      .to(DType::f32)
                                      .to_vector<float>();
  EXPECT_EQ(y.value().to(DType::f32).to_vector<float>(), wide);
  y.backward(random_normal({kTokens, kOut}, 0, 1, 6).to(DType::f16));
  EXPECT_EQ(layer.weight().value.grad().dtype(), DType::f32);
}

TEST(Linear, InitialWeights) {
  const auto weights = [](LinearInit init, double gain) {
    Linear layer({.in = 300, .out = 100, .init = init, .gain = gain}, 3);
    return layer.weight().value.value().to_vector<float>();
  };
  const auto largest = [](const std::vector<float>& values) {
    float most = 0;
    for (float value : values) most = std::max(most, std::abs(value));
    return most;
  };
  const auto deviation = [](const std::vector<float>& values) {
    double squares = 0;
    for (float value : values) squares += static_cast<double>(value) * value;
    return std::sqrt(squares / static_cast<double>(values.size()));
  };
  EXPECT_NEAR(largest(weights(LinearInit::uniform, 1)), std::sqrt(1.0 / 300), 1e-4);
  EXPECT_NEAR(largest(weights(LinearInit::xavier, 0.5)), 0.5 * std::sqrt(6.0 / 400), 1e-4);
  EXPECT_NEAR(deviation(weights(LinearInit::normal_002, 1)), 0.02, 5e-4);
}

TEST(Linear, LearnedScalesAppearUnderTheirSlotAndCalibrateOnTheFirstTrainingBatch) {
  Linear layer({.in = kIn, .out = kOut}, 3);
  Slot* input = nullptr;
  layer.each_slot([&](const std::string& path, Slot& slot) {
    if (path == "weight") slot.assign("tbt_weight bits=2");
    if (path == "input") (input = &slot)->assign("elastic bits=2");
  });
  Variable alpha;
  std::vector<std::string> paths;
  layer.each_parameter([&](const std::string& path, Parameter& parameter) {
    paths.push_back(path);
    if (path == "input.alpha") {
      alpha = parameter.value;
      EXPECT_EQ(parameter.kind, ParameterKind::quantizer);
    }
  });
  EXPECT_EQ(paths, (std::vector<std::string>{"weight", "bias", "input.alpha"}));
  const Variable first(random_normal({kTokens, kIn}, 0, 1, 5)), second(random_normal({kTokens, kIn}, 0, 3, 6));
  layer.forward(first, {.training = false});
  EXPECT_FALSE(input->calibrated());
  layer.forward(first, {.training = true});
  EXPECT_TRUE(input->calibrated());
  const float calibrated = alpha.value().data<float>()[0];
  EXPECT_NE(calibrated, 1);
  layer.forward(second, {.training = true});
  EXPECT_EQ(alpha.value().data<float>()[0], calibrated);
}

}  // namespace
}  // namespace lowbit
