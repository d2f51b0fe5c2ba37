#include "optim/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "optim/adam.h"
#include "optim/sgd.h"
#include "tests/support/expect_error.h"
#include "tests/support/toy_module.h"

namespace lowbit {
namespace {

using test::expect_error;
using test::ToyModule;
using Floats = std::vector<float>;

const nlohmann::json& golden() {
  static const auto json = nlohmann::json::parse(std::ifstream(LB_TEST_DIR "/golden/optim_steps.json"));
  return json;
}

Floats floats(const Tensor& tensor) { return tensor.to_vector<float>(); }

using Make = std::function<std::unique_ptr<Optimizer>(std::vector<ParamGroup>)>;

Make adam(const AdamConfig& config) {
  return [=](std::vector<ParamGroup> groups) { return std::make_unique<Adam>(std::move(groups), config); };
}

Make sgd(const SgdConfig& config) {
  return [=](std::vector<ParamGroup> groups) { return std::make_unique<Sgd>(std::move(groups), config); };
}

void expect_close(const Tensor& tensor, const nlohmann::json& expected, const std::string& what) {
  const Floats values = floats(tensor);
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double y = expected[i].get<double>();
    EXPECT_NEAR(values[i], y, 1e-6 * std::abs(y) + 2e-7) << what << " element " << i;
  }
}

struct GoldenCase {
  const char* name;
  double weight_decay;
  Make make;
};

class OptimizerGolden : public testing::TestWithParam<GoldenCase> {};

TEST_P(OptimizerGolden, EqualsPyTorch) {
  const auto& [name, weight_decay, make] = GetParam();
  const auto start = golden().at("start").get<Floats>();
  const Shape shape = {static_cast<int64_t>(start.size())};
  const NamedParameter parameter = {"w", Variable(Tensor::from(shape, start), true)};
  Variable value = parameter.value;
  const auto optimizer = make({ParamGroup{{parameter}, 1, weight_decay}});
  // The optimizer is given gradients 64 times too large, as a loss scale or a sum over tokens would make them.
  constexpr float kScale = 64;
  int compared = 0;
  for (size_t update = 1; update <= golden().at("grads").size(); ++update) {
    auto grad = golden().at("grads")[update - 1].get<Floats>();
    for (float& g : grad) g *= kScale;
    optimizer->clear_grads();
    value.backward(Tensor::from(shape, grad));
    optimizer->step(0.05 / static_cast<double>(update), 1.0 / kScale);
    const auto& after = golden().at("after").at(name);
    if (!after.contains(std::to_string(update))) continue;
    ++compared;
    const std::string when = " after update " + std::to_string(update);
    const StateDict state = optimizer->state();
    for (const auto& [key, expected] : after.at(std::to_string(update)).items())
      expect_close(key == "parameter" ? value.value() : state.tensors.at("w." + key), expected, key + when);
  }
  EXPECT_EQ(compared, 3);
}

INSTANTIATE_TEST_SUITE_P(
    Methods, OptimizerGolden,
    testing::Values(GoldenCase{"adamw", 0.1, adam({.beta1 = 0.9, .beta2 = 0.98, .eps = 1e-3})},
                    GoldenCase{"adamw_fairseq", 0.1,
                               adam({.beta1 = 0.9, .beta2 = 0.98, .eps = 1e-3, .form = AdamForm::fairseq})},
                    GoldenCase{"adam_l2", 0.1, adam({.decay = WeightDecay::l2})}, GoldenCase{"sgd", 0.1, sgd({})},
                    GoldenCase{"momentum", 0, sgd({.momentum = 0.9})},
                    GoldenCase{"nesterov", 0.1, sgd({.momentum = 0.9, .nesterov = true})}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ParamGroups, KindsDecideDecayAndRate) {
  ToyModule toy;
  const auto groups = group_parameters(toy, {.weight_decay = 0.1, .quantizer_lr_scale = 0.01});
  ASSERT_EQ(groups.size(), 3u);
  const std::vector<std::tuple<std::string, double, double>> expected = {
      {"weight", 1, 0.1}, {"bias", 1, 0}, {"alpha", 0.01, 0}};
  for (size_t i = 0; i < groups.size(); ++i) {
    ASSERT_EQ(groups[i].parameters.size(), 1u) << "tied tensors count once, frozen ones not at all";
    EXPECT_EQ(std::tuple(groups[i].parameters[0].path, groups[i].lr_scale, groups[i].weight_decay), expected[i]);
  }
}

TEST(Optimizer, GroupsScaleRateAndDecay) {
  ToyModule toy;
  const Floats weight = floats(toy.weight.value.value()), alpha = floats(toy.alpha.value.value());
  Sgd optimizer(group_parameters(toy, {.weight_decay = 0.5, .quantizer_lr_scale = 0.25}), {});
  for (Parameter* parameter : {&toy.weight, &toy.bias, &toy.alpha})
    parameter->value.backward(Tensor::zeros(parameter->value.shape()));
  toy.alpha.value.mutable_grad().mutable_data<float>()[0] = 1;
  const Floats bias = floats(toy.bias.value.value());
  optimizer.step(0.5);
  EXPECT_EQ(floats(toy.weight.value.value())[5], weight[5] * 0.75f);
  EXPECT_EQ(floats(toy.bias.value.value()), bias);
  EXPECT_EQ(floats(toy.alpha.value.value())[0], alpha[0] - 0.125f);
}

/// As PyTorch: no gradient, no update, and its bias correction waits.
TEST(Optimizer, ParametersWithoutAGradientStayAsTheyAre) {
  ToyModule toy;
  Adam optimizer(group_parameters(toy, {.weight_decay = 0.1}), {});
  const Floats bias = floats(toy.bias.value.value());
  toy.set_grads(1);
  toy.bias.value.clear_grad();
  optimizer.step(0.1);
  EXPECT_EQ(floats(toy.bias.value.value()), bias);
  const StateDict state = optimizer.state();
  EXPECT_EQ(*state.tensors.at("bias.updates").data<int64_t>(), 0);
  EXPECT_EQ(*state.tensors.at("weight.updates").data<int64_t>(), 1);
}

TEST(Optimizer, ResumeEqualsNeverHavingStopped) {
  for (const Make& make : {adam({}), sgd({.momentum = 0.9}), sgd({})}) {
    const auto train = [](ToyModule& toy, Optimizer& optimizer, uint64_t from, uint64_t to) {
      for (uint64_t step = from; step < to; ++step) {
        toy.set_grads(step);
        optimizer.step(0.1, 0.5);
      }
    };
    ToyModule straight, stopped, resumed;
    const auto a = make(group_parameters(straight, {.weight_decay = 0.1}));
    train(straight, *a, 0, 10);
    const auto b = make(group_parameters(stopped, {.weight_decay = 0.1}));
    train(stopped, *b, 0, 5);
    const auto c = make(group_parameters(resumed, {.weight_decay = 0.1}));
    c->load_state(b->state());
    train(stopped, *b, 5, 7);  // the loaded state must not follow
    ToyModule halfway;
    const auto d = make(group_parameters(halfway, {.weight_decay = 0.1}));
    train(halfway, *d, 0, 5);
    for (auto [to, from] : {std::pair(&resumed.weight, &halfway.weight),
                            {&resumed.bias, &halfway.bias},
                            {&resumed.alpha, &halfway.alpha}})
      to->value.mutable_value().copy_from(from->value.value());
    train(resumed, *c, 5, 10);
    EXPECT_EQ(floats(resumed.weight.value.value()), floats(straight.weight.value.value()));
    EXPECT_EQ(floats(resumed.bias.value.value()), floats(straight.bias.value.value()));
    EXPECT_EQ(floats(resumed.alpha.value.value()), floats(straight.alpha.value.value()));
  }
}

TEST(Optimizer, RefusesAStateThatIsNotItsOwn) {
  ToyModule toy;
  Adam optimizer(group_parameters(toy, {}), {});
  toy.set_grads(1);
  optimizer.step(0.1);
  const StateDict good = optimizer.state();
  const auto refused = [&](const StateDict& state, std::initializer_list<const char*> words) {
    expect_error(ErrorKind::model, words, [&] { optimizer.load_state(state); });
    EXPECT_EQ(*optimizer.state().tensors.at("weight.updates").data<int64_t>(), 1);
  };
  StateDict bad = good;
  bad.metadata["optimizer"] = "sgd";
  refused(bad, {"sgd", "adamw"});
  refused({}, {"unknown optimizer"});
  bad = good;
  bad.tensors.erase("bias.exp_avg_sq");
  refused(bad, {"no tensor bias.exp_avg_sq"});
  bad = good;
  bad.tensors["bias.exp_avg"] = Tensor::zeros({5});
  refused(bad, {"bias.exp_avg", "[5]", "[4]"});
  bad = good;
  bad.tensors["gamma.exp_avg"] = Tensor::zeros({5});
  refused(bad, {"10 tensors", "9 are needed"});
}

TEST(Optimizer, RefusesNumbersOutOfRange) {
  expect_error(ErrorKind::usage, {"betas"}, [] { Adam({}, {.beta1 = 1}); });
  expect_error(ErrorKind::usage, {"momentum"}, [] { Sgd({}, {.momentum = 1}); });
  expect_error(ErrorKind::usage, {"nesterov"}, [] { Sgd({}, {.nesterov = true}); });
}

}  // namespace
}  // namespace lowbit
