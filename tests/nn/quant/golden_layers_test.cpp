// Whole layers of BitNet and SVCD, made of one Linear and its slots, against golden_quant.json.
#include <gtest/gtest.h>

#include "nn/linear.h"
#include "tests/nn/quant/golden.h"

namespace lowbit {
namespace {

using testing::golden_case;
using testing::near;
using testing::to_tensor;

/// A Linear with slots filled and parameters set by path.
class TestLayer {
 public:
  TestLayer(int64_t in, int64_t out, bool bias, const std::vector<std::pair<std::string, std::string>>& slots)
      : linear_({.in = in, .out = out, .bias = bias, .init = LinearInit::none}, 1) {
    for (const auto& [path, spec] : slots) slot(path).assign(spec);
  }
  void set(const std::string& path, const nlohmann::json& value) {
    Variable& variable = parameter(path);
    variable.mutable_value().copy_from(to_tensor(value).reshape(variable.shape()));
  }
  Slot& slot(const std::string& path) {
    Slot* found = nullptr;
    linear_.each_slot([&](const std::string& name, Slot& one) { found = name == path ? &one : found; });
    if (!found) throw std::runtime_error("no slot " + path);
    return *found;
  }
  Variable& parameter(const std::string& path) {
    Parameter* found = nullptr;
    linear_.each_parameter([&](const std::string& name, Parameter& one) { found = name == path ? &one : found; });
    if (!found) throw std::runtime_error("no parameter " + path);
    return found->value;
  }
  Linear& linear() { return linear_; }

 private:
  Linear linear_;
};

void check_bitnet(const std::string& id, const std::string& weight) {
  const nlohmann::json& golden = golden_case(id);
  TestLayer layer(4, 3, false, {{"weight", weight}, {"input", "bitnet_activation"}, {"input_norm", "rms_norm"}});
  layer.set("weight", golden["inputs"]["W"]);
  layer.set("input_norm.weight", golden["inputs"]["rms_weight"]);
  const Variable x(to_tensor(golden["inputs"]["x"]), true);
  const Variable y = layer.linear().forward(x, {.training = true});
  EXPECT_TRUE(near(y.value(), golden["outputs"]["y"]));
  y.backward(to_tensor(golden["upstream_grad"]["y"]));
  EXPECT_TRUE(near(layer.parameter("weight").grad(), golden["grads"]["W"]));
  EXPECT_TRUE(near(x.grad(), golden["grads"]["x"]));
  EXPECT_TRUE(near(layer.parameter("input_norm.weight").grad(), golden["grads"]["rms_weight"]));
}

TEST(BitNetLayer, B158) { check_bitnet("bitnet_b158", "bitnet_b158"); }
TEST(BitNetLayer, B1) { check_bitnet("bitnet_b1", "bitnet_b1"); }

TEST(BitNetLayer, B1AsPrintedNeverRoundsItsInput) {
  const nlohmann::json& golden = golden_case("bitnet_b1");
  TestLayer layer(4, 3, false, {{"weight", "bitnet_b1"}, {"input_norm", "rms_norm"}});
  layer.set("weight", golden["inputs"]["W"]);
  const Variable y = layer.linear().forward(Variable(to_tensor(golden["inputs"]["x"])), {});
  EXPECT_TRUE(near(y.value(), golden["outputs"]["paper_style_y"]));
}

void check_svcd(const std::string& id, int groups) {
  const nlohmann::json& golden = golden_case(id);
  const std::string count = std::to_string(groups);
  TestLayer layer(4, 3, true,
                  {{"weight", "svcd_weight groups=" + count},
                   {"input_norm", "layer_norm"},
                   {"input_scale", "vector"},
                   {"output", "svcd_output mode=reference_rescale_TxB groups=" + count},
                   {"output_scale", "vector"}});
  const std::vector<std::pair<std::string, std::string>> parameters = {{"weight", "W"},
                                                                       {"bias", "bias"},
                                                                       {"input_scale.vector", "g"},
                                                                       {"output_scale.vector", "h"},
                                                                       {"input_norm.weight", "ln_weight"},
                                                                       {"input_norm.bias", "ln_bias"}};
  for (const auto& [path, name] : parameters) layer.set(path, golden["inputs"][name]);

  // The file is time first with a batch of one; here time is the axis before the channels.
  const Tensor by_time = to_tensor(golden["inputs"]["x"]);
  const int64_t time = by_time.shape()[0];
  const Variable x(by_time.reshape({1, time, 4}), true);
  const Variable z = layer.linear().forward(x, {.training = true});
  EXPECT_TRUE(near(z.value(), golden["outputs"]["z"]));
  z.backward(to_tensor(golden["upstream_grad"]["z"]).reshape({1, time, 3}));
  constexpr double kRtol = 1e-4;  // the file's, for SVCD gradients
  EXPECT_TRUE(near(x.grad(), golden["grads"]["x"], kRtol, 1e-4));
  for (const auto& [path, name] : parameters)
    EXPECT_TRUE(near(layer.parameter(path).grad(), golden["grads"][name], kRtol, 1e-4)) << path;
}

TEST(SvcdLayer, OneGroup) { check_svcd("svcd_bitlinear_g1", 1); }
TEST(SvcdLayer, TwoGroupsThatDoNotDivide) { check_svcd("svcd_bitlinear_g2_ragged", 2); }

TEST(SvcdLayer, VectorsStartWithinTheConstraint) {
  TestLayer layer(64, 16, true, {{"input_scale", "vector"}, {"output_scale", "vector init=uniform"}});
  for (const char* path : {"input_scale.vector", "output_scale.vector"}) {
    double largest = 0;
    for (float value : layer.parameter(path).value().to_vector<float>())
      largest = std::max(largest, static_cast<double>(std::abs(value)));
    EXPECT_LE(largest, 1.0 / 8) << path;  // 1/sqrt(64), of fan-in for both
    EXPECT_GT(largest, 0.5 / 8) << path;
  }
}

TEST(SvcdLayer, OutputModes) {
  const Tensor y = to_tensor(golden_case("svcd_bitlinear_g1")["outputs"]["linear_out"]).reshape({1, 2, 3});
  const auto output = [&](const std::string& mode) {
    ConstraintSlot slot(3, 4, 0);
    slot.assign("svcd_output mode=" + mode);
    return slot(Variable(y), {}).value().to_vector<float>();
  };
  EXPECT_EQ(output("none"), y.to_vector<float>());
  const std::vector<float> token = output("per_token_rescale");
  for (int t = 0; t < 2; ++t)
    EXPECT_NEAR(std::max({std::abs(token[3 * t]), std::abs(token[3 * t + 1]), std::abs(token[3 * t + 2])}), 128, 0.01);
  // Rounded and divided back: within half a step of 127 steps to the largest.
  const std::vector<float> rounded = output("per_token_int8"), exact = y.to_vector<float>();
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(rounded[i], exact[i], (i < 3 ? 0.2727590f : 1.5184648f) / 254 + 1e-7f);
  EXPECT_NE(rounded, exact);
}

}  // namespace
}  // namespace lowbit
