// Values and gradients of every quantizer against golden_quant.json.
#include <gtest/gtest.h>

#include "nn/quant/registry.h"
#include "tests/nn/quant/golden.h"

namespace lowbit {
namespace {

using testing::golden_case;
using testing::near;
using testing::to_tensor;

/// A weight or activation quantizer without parameters: input, values and gradient of one case.
struct StatelessCase {
  std::string spec, id, input, values, upstream, grad;
  friend void PrintTo(const StatelessCase& c, std::ostream* out) { *out << c.spec << " on " << c.id; }
};

nlohmann::json at_path(const nlohmann::json& object, const std::string& path) {
  return object.at(nlohmann::json::json_pointer("/" + path));
}

class StatelessGolden : public ::testing::TestWithParam<StatelessCase> {};

TEST_P(StatelessGolden, ValuesAndGradient) {
  const StatelessCase& c = GetParam();
  const nlohmann::json& golden = golden_case(c.id);
  const auto quantizer = make_quantizer(c.spec);
  const Variable x(to_tensor(golden.at("inputs").at(c.input)), true);
  const Variable y = quantizer->fake_quantize(x);
  EXPECT_TRUE(near(y.value(), at_path(golden.at("outputs"), c.values))) << c.spec;
  y.backward(to_tensor(golden.at("upstream_grad").at(c.upstream)));
  EXPECT_TRUE(near(x.grad(), golden.at("grads").at(c.grad))) << c.spec;
}

INSTANTIATE_TEST_SUITE_P(
    Methods, StatelessGolden,
    ::testing::Values(
        StatelessCase{"tbt_weight bits=1", "tbt_weight_binary", "W", "W_quant", "W_quant", "W"},
        StatelessCase{"tbt_weight bits=1 zero=0", "tbt_weight_binary", "W", "W_quant", "W_quant", "W"},
        StatelessCase{"tbt_weight bits=2", "tbt_weight_ternary", "W", "W_quant", "W_quant", "W"},
        StatelessCase{"tbt_weight bits=1 reading=paper", "tbt_weight_binary", "W", "paper_variant_W_quant", "W_quant",
                      "paper_variant_W"},
        StatelessCase{"tbt_weight bits=2 reading=paper", "tbt_weight_ternary", "W", "paper_variant_W_quant", "W_quant",
                      "paper_variant_W"},
        StatelessCase{"absmax bits=8 per=tensor clip=2.5", "sym8_clip", "x", "x_quant", "x_quant", "x"},
        StatelessCase{"tbt_activation bits=8 reading=code", "sym8_clip", "x", "x_quant", "x_quant", "x"},
        StatelessCase{"minmax bits=8 per=tensor clip=2.5 shift=min", "asym8_clip", "x", "x_quant", "x_quant", "x"},
        StatelessCase{"tbt_activation bits=8 signed=false reading=code", "asym8_clip", "x", "x_quant", "x_quant", "x"},
        StatelessCase{"twn per=tensor", "twn", "W", "per_tensor/W_quant", "W_quant", "W"},
        StatelessCase{"twn per=row", "twn", "W", "per_row/W_quant", "W_quant", "W"},
        StatelessCase{"bwn", "bwn", "W", "plain_per_tensor", "W_quant", "W"},
        StatelessCase{"bwn shift=mean", "bwn", "W", "mean_shifted_per_tensor", "W_quant", "W"},
        StatelessCase{"bwn shift=mean per=row", "bwn", "W", "mean_shifted_row_scale", "W_quant", "W"}));

struct LearnedCase {
  std::string spec, id, input, scale, values, init;
  friend void PrintTo(const LearnedCase& c, std::ostream* out) { *out << c.spec << " on " << c.id; }
};

class LearnedGolden : public ::testing::TestWithParam<LearnedCase> {};

TEST_P(LearnedGolden, ValuesGradientsAndCalibration) {
  const LearnedCase& c = GetParam();
  const nlohmann::json& golden = golden_case(c.id);
  const auto quantizer = make_quantizer(c.spec);
  const Tensor x_value = to_tensor(golden.at("inputs").at(c.input));
  ASSERT_EQ(quantizer->parameters().size(), 1u);
  Variable alpha = quantizer->parameters()[0]->value;

  EXPECT_FALSE(quantizer->calibrated());
  quantizer->calibrate(x_value);
  EXPECT_TRUE(quantizer->calibrated());
  EXPECT_TRUE(near(alpha.value(), golden.at("outputs").at(c.init)));

  alpha.mutable_value().mutable_data<float>()[0] = golden.at("inputs").at(c.scale).get<float>();
  const Variable x(x_value, true);
  const Variable y = quantizer->fake_quantize(x);
  EXPECT_TRUE(near(y.value(), golden.at("outputs").at(c.values)));
  y.backward(to_tensor(golden.at("upstream_grad").at(c.values)));
  EXPECT_TRUE(near(x.grad(), golden.at("grads").at(c.input)));
  EXPECT_TRUE(near(alpha.grad(), golden.at("grads").at(c.scale)));
}

INSTANTIATE_TEST_SUITE_P(
    Methods, LearnedGolden,
    ::testing::Values(
        LearnedCase{"elastic bits=1", "elastic_signed_1bit", "x", "alpha", "x_quant", "alpha_init_for_this_x"},
        LearnedCase{"elastic bits=1 zero=0", "elastic_signed_1bit", "x", "alpha", "x_quant", "alpha_init_for_this_x"},
        LearnedCase{"elastic bits=2", "elastic_signed_2bit", "x", "alpha", "x_quant", "alpha_init_for_this_x"},
        LearnedCase{"elastic bits=4", "elastic_signed_4bit", "x", "alpha", "x_quant", "alpha_init_for_this_x"},
        LearnedCase{"elastic bits=1 signed=false shift=min", "elastic_unsigned_1bit", "x", "alpha", "x_quant",
                    "alpha_init_for_this_x"},
        LearnedCase{"elastic bits=2 signed=false shift=min", "elastic_unsigned_2bit", "x", "alpha", "x_quant",
                    "alpha_init_for_this_x"},
        // The minimum of this case is -0.16, so the constant shift must give the same.
        LearnedCase{"elastic bits=2 signed=false shift=-0.16", "elastic_unsigned_2bit", "x", "alpha", "x_quant",
                    "alpha_init_for_this_x"},
        LearnedCase{"tbt_activation bits=2 signed=false reading=code", "elastic_unsigned_2bit", "x", "alpha", "x_quant",
                    "alpha_init_for_this_x"},
        LearnedCase{"lsq bits=3", "lsq_3bit", "v", "s", "v_quant", "s_init_for_this_v"}));

TEST(BitNetGolden, WeightsAndActivations) {
  const nlohmann::json &b158 = golden_case("bitnet_b158"), &b1 = golden_case("bitnet_b1");
  const auto values = [](const std::string& spec, const nlohmann::json& x) {
    return make_quantizer(spec)->fake_quantize(Variable(to_tensor(x))).value();
  };
  EXPECT_TRUE(near(values("bitnet_b158", b158["inputs"]["W"]), b158["outputs"]["W_quant"]));
  EXPECT_TRUE(near(values("bitnet_activation", b158["outputs"]["x_norm"]), b158["outputs"]["x_quant"]));
  EXPECT_TRUE(near(values("bitnet_b1", b1["inputs"]["W"]), b1["outputs"]["W_quant"]));
}

TEST(EdgeCaseGolden, RoundsHalfToEven) {
  // With scale 1 the code of x is round(x).
  const nlohmann::json& table = golden_case("edge_cases")["outputs"]["round_half_to_even"];
  for (const auto& [text, rounded] : table.items()) {
    const Tensor x = Tensor::from({1}, std::vector<float>{std::stof(text)});
    EXPECT_EQ(make_quantizer("fixed bits=8 signed=true scale=1")->encode(x).q.codes.data<int8_t>()[0], rounded) << text;
  }
}

TEST(EdgeCaseGolden, SignOfZero) {
  const nlohmann::json& sign = golden_case("edge_cases")["outputs"]["sign_of_zero"];
  const Tensor x = Tensor::from({1, 3}, std::vector<float>{0, 2, -1});
  const auto code_of_zero = [&](const std::string& spec) {
    return static_cast<float>(make_quantizer(spec)->encode(x).q.codes.data<int8_t>()[0]);
  };
  EXPECT_EQ(code_of_zero("tbt_weight bits=1 zero=0"), sign["reference_default"].get<float>());
  EXPECT_EQ(code_of_zero("tbt_weight bits=1"), sign["bcq_and_packed"].get<float>());
  EXPECT_EQ(code_of_zero("elastic bits=1 zero=0"), sign["reference_default"].get<float>());
  EXPECT_EQ(code_of_zero("elastic bits=1"), sign["bcq_and_packed"].get<float>());
}

}  // namespace
}  // namespace lowbit
