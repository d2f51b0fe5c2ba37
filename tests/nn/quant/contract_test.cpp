// What every quantizer promises (nn/quant/quantizer.h), whatever its method.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "core/ops/elementwise.h"
#include "core/ops/quantize.h"
#include "core/random.h"
#include "nn/quant/registry.h"

namespace lowbit {
namespace {

const std::vector<std::string> kSpecs = {"absmax bits=8",
                                         "absmax bits=4",
                                         "absmax bits=8 per=tensor clip=2.5",
                                         "minmax bits=8 shift=-0.16997120747",
                                         "minmax bits=8 per=tensor clip=2.5 shift=min",
                                         "fixed bits=8",
                                         "elastic bits=1",
                                         "elastic bits=2",
                                         "elastic bits=4",
                                         "elastic bits=1 signed=false",
                                         "elastic bits=2 signed=false shift=-0.17",
                                         "elastic bits=2 signed=false shift=min",
                                         "lsq bits=3",
                                         "lsq bits=2 signed=false",
                                         "tbt_weight bits=1",
                                         "tbt_weight bits=2",
                                         "tbt_weight bits=1 reading=paper",
                                         "tbt_weight bits=2 reading=paper",
                                         "tbt_weight bits=8",
                                         "tbt_activation bits=8",
                                         "tbt_activation bits=2 signed=false shift=-0.17",
                                         "tbt_probs bits=8",
                                         "tbt_probs bits=1",
                                         "twn",
                                         "twn per=row",
                                         "bwn",
                                         "bwn shift=mean per=row",
                                         "bitnet_b1",
                                         "bitnet_b158",
                                         "bitnet_activation",
                                         "svcd_weight groups=2"};

Tensor random_input() { return random_normal({6, 37}, 0, 1.3, 17); }

class Contract : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Methods, Contract, ::testing::ValuesIn(kSpecs));

TEST_P(Contract, FakeQuantizationIsTheDequantizedCodesBitForBit) {
  const auto quantizer = make_quantizer(GetParam());
  const Tensor x = random_input();
  quantizer->calibrate(x);
  const Encoded encoded = quantizer->encode(x);
  EXPECT_EQ(quantizer->fake_quantize(Variable(x)).value().to_vector<float>(), dequantize(encoded.q).to_vector<float>());
  EXPECT_EQ(encoded.q.book, quantizer->book());
  EXPECT_EQ(encoded.q.per, quantizer->granularity());
  const CodeRange range = range_of(encoded.q.book);
  for (int8_t code : encoded.q.codes.to_vector<int8_t>()) {
    const int level = code + zero_of(encoded.q.book);
    ASSERT_TRUE(level >= range.low && level <= range.high && (encoded.q.book != CodeBook::binary || level != 0));
  }
}

TEST_P(Contract, DescriptionRebuildsIt) {
  const auto quantizer = make_quantizer(GetParam());
  const auto rebuilt = make_quantizer(quantizer->describe());
  EXPECT_EQ(rebuilt->describe(), quantizer->describe());
  const Tensor x = random_input();
  quantizer->calibrate(x);
  rebuilt->calibrate(x);
  EXPECT_EQ(rebuilt->encode(x).q.codes.to_vector<int8_t>(), quantizer->encode(x).q.codes.to_vector<int8_t>());
}

TEST_P(Contract, CountsNonFiniteInputs) {
  const auto quantizer = make_quantizer(GetParam());
  quantizer->calibrate(random_input());
  Tensor x = random_input();
  EXPECT_EQ(quantizer->encode(x).counts.data<int64_t>()[ops::kNonFinite], 0);
  x.mutable_data<float>()[40] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(quantizer->encode(x).counts.data<int64_t>()[ops::kNonFinite], 1);
}

TEST(LearnedScale, WaitsForABatchThatTellsSomething) {
  const auto quantizer = make_quantizer("elastic bits=4");
  Tensor overflow = random_input();
  overflow.mutable_data<float>()[40] = std::numeric_limits<float>::infinity();
  for (const Tensor& useless : {overflow, Tensor::zeros({6, 37})}) {
    quantizer->calibrate(useless);
    EXPECT_FALSE(quantizer->calibrated());
    EXPECT_EQ(quantizer->parameters()[0]->value.value().item(), 1) << "as it was made";
  }
  quantizer->calibrate(random_input());
  EXPECT_TRUE(quantizer->calibrated());
}

/// Scales that are a magnitude of the group itself, without a constant shift.
class StatisticsContract : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Methods, StatisticsContract,
                         ::testing::Values("absmax bits=8", "absmax bits=4", "absmax bits=8 per=tensor clip=2.5",
                                           "minmax bits=8", "minmax bits=8 per=tensor clip=2.5 shift=min",
                                           "tbt_weight bits=1", "tbt_weight bits=2", "tbt_weight bits=1 reading=paper",
                                           "tbt_weight bits=2 reading=paper", "twn", "twn per=row", "bwn",
                                           "bwn shift=mean per=row", "bitnet_b1", "bitnet_b158", "bitnet_activation"));

TEST_P(StatisticsContract, AnAllZeroGroupHasScaleZeroAndGivesExactZeros) {
  const auto quantizer = make_quantizer(GetParam());
  Tensor x = random_input();
  const bool by_row = quantizer->granularity() == Granularity::row;
  Tensor group = by_row ? x.rows(2, 3) : x;
  group.fill_zero();
  const Encoded encoded = quantizer->encode(x);
  EXPECT_EQ(encoded.q.scale.data<float>()[by_row ? 2 : 0], 0);
  EXPECT_EQ(encoded.counts.data<int64_t>()[ops::kZeroGroups], 1);
  const Tensor y = dequantize(encoded.q);
  for (float value : (by_row ? y.rows(2, 3) : y).to_vector<float>()) ASSERT_EQ(value, 0);
}

TEST_P(StatisticsContract, ANanReachesTheValues) {
  const auto quantizer = make_quantizer(GetParam());
  Tensor x = random_input();
  x.mutable_data<float>()[40] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(dequantize(quantizer->encode(x).q).data<float>()[40]));
}

TEST_P(StatisticsContract, ScalesAndCodesFollowPowersOfTwo) {
  // Away from clips and floors, x -> 4x changes no code and makes scales 4 times as large, exactly.
  const auto quantizer = make_quantizer(GetParam());
  const Tensor x = random_normal({6, 37}, 0, 0.1, 3), scaled = ops::scale(x, 4);
  const Encoded a = quantizer->encode(x), b = quantizer->encode(scaled);
  EXPECT_EQ(a.q.codes.to_vector<int8_t>(), b.q.codes.to_vector<int8_t>());
  for (int64_t g = 0; g < a.q.scale.numel(); ++g) EXPECT_EQ(4 * a.q.scale.data<float>()[g], b.q.scale.data<float>()[g]);
}

/// What the default recipes put on activations: no token depends on another, so neither padding nor the rest of a batch
/// changes a bit of it.
class TokenLocal : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(DefaultRecipes, TokenLocal,
                         ::testing::Values("tbt_activation bits=8", "tbt_activation bits=2", "tbt_activation bits=1",
                                           "tbt_activation bits=8 signed=false shift=-0.17",
                                           "tbt_activation bits=2 signed=false shift=-0.17",
                                           "tbt_activation bits=1 signed=false shift=-0.17", "tbt_probs bits=8",
                                           "tbt_probs bits=2", "tbt_probs bits=1", "absmax bits=8 per=token",
                                           "bitnet_activation"));

TEST_P(TokenLocal, ATokenAloneGivesTheSameBits) {
  const auto quantizer = make_quantizer(GetParam());
  const Tensor x = random_input();
  quantizer->calibrate(x);
  const Tensor together = dequantize(quantizer->encode(x).q);
  for (int64_t row = 0; row < x.shape()[0]; ++row)
    EXPECT_EQ(dequantize(quantizer->encode(x.rows(row, row + 1)).q).to_vector<float>(),
              together.rows(row, row + 1).to_vector<float>());
}

TEST(ReleaseReading, LetsTokensDependOnEachOther) {
  const Tensor x = random_normal({6, 37}, 0, 0.3, 17);  // within the clip, which would hide it
  for (const char* spec : {"tbt_activation bits=8 reading=code", "tbt_activation bits=8 signed=false reading=code"}) {
    const auto quantizer = make_quantizer(spec);
    EXPECT_NE(dequantize(quantizer->encode(x.rows(0, 1)).q).to_vector<float>(),
              dequantize(quantizer->encode(x).q).rows(0, 1).to_vector<float>());
  }
}

TEST(LearnedContract, ANonPositiveScaleIsReplacedAndStillTrained) {
  const auto quantizer = make_quantizer("elastic bits=2");
  Variable alpha = quantizer->parameters()[0]->value;
  alpha.mutable_value().mutable_data<float>()[0] = -0.3f;
  const Variable y = quantizer->fake_quantize(Variable(random_input(), true));
  for (float value : y.value().to_vector<float>()) ASSERT_LE(std::abs(value), 1e-5f);
  y.backward(random_normal({6, 37}, 0, 1, 5));
  EXPECT_NE(alpha.grad().data<float>()[0], 0);
}

TEST(Registry, ProvenanceNamesEveryQuantizer) {
  std::ifstream file(std::string(LB_TEST_DIR) + "/../docs/provenance.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const std::string& name : quantizer_names())
    EXPECT_NE(text.find("`" + name), std::string::npos) << name << " is missing in docs/provenance.md";
}

TEST(Registry, NamesTheNearest) {
  const auto message = [](const std::string& spec) -> std::string {
    try {
      make_quantizer(spec);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message("tbt_wieght bits=2").find("nearest is tbt_weight"), std::string::npos);
  EXPECT_NE(message("tbt_weight bitz=2").find("needs bits="), std::string::npos);
  EXPECT_NE(message("absmax bits=8 pre=row").find("unknown key pre, the nearest is per"), std::string::npos);
  EXPECT_NE(message("absmax bits=eight").find("bits must be a whole number, not \"eight\""), std::string::npos);
  EXPECT_NE(message("absmax per=column").find("per must be row or token or tensor, not \"column\""), std::string::npos);
  EXPECT_NE(message("lsq bits=1").find("2 to 8"), std::string::npos);
}

}  // namespace
}  // namespace lowbit
