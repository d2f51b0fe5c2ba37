#include "optim/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using Kind = ScheduleKind;
using Offset = ScheduleOffset;

const nlohmann::json& golden() {
  static const auto json = nlohmann::json::parse(std::ifstream(LB_TEST_DIR "/golden/optim_schedules.json"));
  return json;
}

struct GoldenCase {
  const char* name;
  ScheduleConfig config;
};

class ScheduleGolden : public testing::TestWithParam<GoldenCase> {};

TEST_P(ScheduleGolden, EqualsTransformersAndPyTorch) {
  ScheduleConfig config = GetParam().config;
  config.lr = 1;
  config.offset = Offset::hf;
  const Schedule schedule(config);
  const auto& expected = golden().at(GetParam().name);
  ASSERT_GE(expected.size(), 20u);
  for (size_t n = 0; n < expected.size(); ++n)
    EXPECT_NEAR(schedule(static_cast<int64_t>(n)), expected[n].get<double>(), 1e-12) << "after " << n << " updates";
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ScheduleGolden,
    testing::Values(
        GoldenCase{"constant_with_warmup", {.kind = Kind::fixed, .warmup = 5}},
        GoldenCase{"linear", {.kind = Kind::linear, .warmup = 5, .total = 30}},
        GoldenCase{"linear_without_warmup", {.kind = Kind::linear, .total = 30}},
        GoldenCase{"polynomial", {.kind = Kind::polynomial, .warmup = 5, .total = 30, .min_lr = 0.1, .power = 2}},
        GoldenCase{"cosine", {.kind = Kind::cosine, .warmup = 5, .total = 30}},
        GoldenCase{"cosine_min", {.kind = Kind::cosine, .warmup = 5, .total = 30, .min_lr = 0.1}},
        GoldenCase{"cosine_restarts", {.kind = Kind::cosine, .warmup = 5, .total = 30, .cycles = 3}},
        GoldenCase{"inverse_sqrt", {.kind = Kind::inverse_sqrt, .warmup = 5}},
        GoldenCase{"inverse_sqrt_timescale", {.kind = Kind::inverse_sqrt, .warmup = 5, .timescale = 40}},
        GoldenCase{"wsd_linear", {.kind = Kind::wsd, .warmup = 5, .total = 30, .decay = 10}},
        GoldenCase{"wsd_cosine",
                   {.kind = Kind::wsd, .warmup = 5, .total = 30, .decay = 10, .decay_shape = DecayShape::cosine}},
        GoldenCase{"wsd_sqrt",
                   {.kind = Kind::wsd, .warmup = 5, .total = 30, .decay = 10, .decay_shape = DecayShape::sqrt}},
        GoldenCase{"tri_stage",
                   {.kind = Kind::tri_stage, .warmup = 5, .decay = 15, .hold = 10, .final_lr_scale = 0.05}}),
    [](const auto& test) { return std::string(test.param.name); });

void expect_first_rates(const ScheduleConfig& config, const std::vector<double>& expected) {
  const Schedule schedule(config);
  for (size_t n = 0; n < expected.size(); ++n)
    EXPECT_DOUBLE_EQ(schedule(static_cast<int64_t>(n)), expected[n]) << "after " << n << " updates";
}

// The first five learning rates of each convention, by hand from the formulas of the three tools.
TEST(Schedule, FirstFiveRatesOfEachConvention) {
  const ScheduleConfig warm = {.kind = Kind::inverse_sqrt, .lr = 0.8, .warmup = 4, .warmup_init_lr = 0.08};
  ScheduleConfig config = warm;
  config.offset = Offset::fairseq;
  expect_first_rates(config, {0.08, 0.26, 0.44, 0.62, 0.8, 0.8 * 2 / std::sqrt(5.0)});
  config.offset = Offset::hf;
  expect_first_rates(config, {0.08, 0.26, 0.44, 0.62, 0.8, 0.8 * 2 / std::sqrt(5.0)});
  config.offset = Offset::plus1;
  expect_first_rates(config, {0.26, 0.44, 0.62, 0.8, 0.8 * 2 / std::sqrt(5.0)});

  config = {.kind = Kind::fixed, .offset = Offset::fairseq, .lr = 1, .warmup = 4};
  expect_first_rates(config, {0.25, 0.5, 0.75, 1, 1});
  config.offset = Offset::hf;
  expect_first_rates(config, {0, 0.25, 0.5, 0.75, 1});
  config.offset = Offset::plus1;
  expect_first_rates(config, {0.25, 0.5, 0.75, 1, 1});
}

TEST(Schedule, NoamRisesLinearlyThenFallsAsInverseSqrt) {
  const Schedule noam({.kind = Kind::noam, .offset = Offset::plus1, .lr = 2, .warmup = 100, .model_dim = 64});
  const Schedule zero({.kind = Kind::noam, .offset = Offset::hf, .lr = 2, .warmup = 100, .model_dim = 64});
  const double peak = 2 / 8.0 / 10.0;
  EXPECT_EQ(zero(0), 0);
  EXPECT_NEAR(noam(99), peak, 1e-15);
  EXPECT_NEAR(noam(49), peak / 2, 1e-15);
  EXPECT_NEAR(noam(399), peak / 2, 1e-15);
  EXPECT_EQ(noam(7), zero(8));
}

TEST(Schedule, EndsStayFlat) {
  for (const Kind kind : {Kind::linear, Kind::polynomial, Kind::cosine, Kind::wsd}) {
    const Schedule schedule({.kind = kind, .lr = 1, .warmup = 2, .total = 10, .min_lr = 0.25, .cycles = 2, .decay = 4});
    EXPECT_DOUBLE_EQ(schedule(2), 1);
    EXPECT_DOUBLE_EQ(schedule(10), 0.25);
    EXPECT_DOUBLE_EQ(schedule(1000), 0.25);
  }
  const Schedule schedule({.kind = Kind::tri_stage, .lr = 2, .warmup = 2, .decay = 3, .final_lr_scale = 0.1});
  EXPECT_DOUBLE_EQ(schedule(5), 0.2);
  EXPECT_DOUBLE_EQ(schedule(1000), 0.2);
}

TEST(Schedule, RefusesNumbersThatDoNotFit) {
  const auto refused = [](const ScheduleConfig& config, const char* word) {
    test::expect_error(ErrorKind::usage, {word}, [&] { Schedule{config}; });
  };
  refused({.kind = Kind::fixed, .lr = -1}, "lr");
  refused({.kind = Kind::fixed, .warmup = -1}, "warmup");
  refused({.kind = Kind::inverse_sqrt}, "warmup or timescale");
  refused({.kind = Kind::linear, .warmup = 5, .total = 5}, "run.max_update=5");
  refused({.kind = Kind::cosine, .total = 5, .cycles = 0}, "cycles");
  refused({.kind = Kind::wsd, .warmup = 5, .total = 10, .decay = 6}, "decay");
  refused({.kind = Kind::tri_stage, .warmup = 5}, "decay");
  refused({.kind = Kind::tri_stage, .decay = 5, .final_lr_scale = 0}, "final_lr_scale");
  refused({.kind = Kind::noam, .warmup = 5}, "model_dim");
}

}  // namespace
}  // namespace lowbit
