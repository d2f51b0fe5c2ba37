#include "optim/loss_scaler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/expect_error.h"

namespace lowbit {
namespace {

using nlohmann::json;
using test::expect_error;
using Outcome = LossScaler::Outcome;

const json& golden() {
  static const json data = json::parse(std::ifstream(LB_TEST_DIR "/golden/loss_scale.json"));
  return data;
}

/// The preset of a trace, with the short interval that the traces were recorded with.
LossScalerConfig config_of(const std::string& name) {
  LossScalerConfig config = loss_scaler_preset(name.substr(0, name.find(' ')));
  config.interval = golden().at("interval");
  if (name.ends_with("tolerance 0.25")) config.tolerance = 0.25;
  if (name.ends_with("threshold 0.25")) config.threshold = 0.25;
  return config;
}

bool overflows(const json& exponent, double scale) {
  return exponent.is_null() || std::exp2(exponent.get<double>()) * scale >= 65520;
}

TEST(LossScaler, FollowsEveryToolOnARecordedSequence) {
  for (const auto& [name, trace] : golden().at("traces").items()) {
    LossScaler scaler(config_of(name));
    const auto& gradients = golden().at("gradients");
    const bool prunes = scaler.config().non_finite == NonFinite::prune;
    for (size_t i = 0; i < trace.at("skip").size(); ++i) {
      ASSERT_EQ(std::log2(scaler.scale()), trace.at("log2_scale")[i].get<double>()) << name << ", attempt " << i;
      const bool overflow = overflows(gradients[i], scaler.scale());
      ASSERT_EQ(overflow, trace.at("skip")[i] != 0) << name << ", attempt " << i;
      const Outcome outcome = scaler.on_attempt(overflow);
      ASSERT_EQ(outcome == Outcome::step, !overflow || prunes) << name << ", attempt " << i;
      ASSERT_EQ(outcome == Outcome::floor, trace.at("skip")[i] == 2) << name << ", attempt " << i;
    }
  }
}

int64_t attempts_until(Outcome wanted, LossScaler& scaler) {
  for (int64_t i = 1; i <= 100; ++i)
    if (scaler.on_attempt(true) == wanted) return i;
  return 0;
}

TEST(LossScaler, FairseqEndsWhereFairseqDoes) {
  LossScaler scaler(loss_scaler_preset("fairseq"));
  EXPECT_EQ(attempts_until(Outcome::floor, scaler), golden().at("endless").at("fairseq"));
  LossScalerConfig from_class = loss_scaler_preset("fairseq");
  from_class.init = 0x1p16;
  LossScaler higher(from_class);
  EXPECT_EQ(attempts_until(Outcome::floor, higher), golden().at("endless").at("fairseq from 2^16"));
  EXPECT_GT(higher.scale(), from_class.min) << "the last scale is kept";
}

TEST(LossScaler, OursMeetsItsFloorBeforeItCountsAsStuck) {
  LossScaler scaler(loss_scaler_preset("ours"));
  EXPECT_EQ(attempts_until(Outcome::floor, scaler), 29);  // 2^13 to 2^-14, one tolerated, one too many
  EXPECT_EQ(scaler.scale(), 0x1p-14);
}

TEST(LossScaler, WithoutAFloorHalfOfTheLastAttemptsIsTheEnd) {
  for (const char* name : {"torch", "apex", "megatron", "static"}) {
    LossScaler scaler(loss_scaler_preset(name));
    EXPECT_EQ(attempts_until(Outcome::stuck, scaler), 32) << name;
  }
  LossScaler alternating(loss_scaler_preset("static"));
  Outcome outcome = Outcome::step;
  for (int i = 0; i < 64; ++i) outcome = alternating.on_attempt(i % 2 == 1);
  EXPECT_EQ(outcome, Outcome::stuck);
}

TEST(LossScaler, FairseqsIntervalShrinksWithRanksAndAccumulation) {
  EXPECT_EQ(loss_scaler_preset("fairseq", 128).interval, 128);
  EXPECT_EQ(loss_scaler_preset("fairseq", 64, 16).interval, 16);
  EXPECT_EQ(loss_scaler_preset("fairseq", 1024, 32).interval, 1) << "0 there, and a division by it";
  EXPECT_EQ(loss_scaler_preset("ours", 128, 16).interval, 1000);
}

TEST(LossScaler, ScalesArePowersOfTwo) {
  for (const std::string& name : loss_scaler_presets()) validate(loss_scaler_preset(name));
  const auto refuse = [](const char* message, auto change) {
    LossScalerConfig config = loss_scaler_preset("ours");
    change(config);
    expect_error(ErrorKind::usage, {message}, [&] { LossScaler scaler(config); });
  };
  refuse("initial scale must be a power of two", [](auto& c) { c.init = 100; });
  refuse("threshold must be a power of two", [](auto& c) { c.threshold = 0.3; });
  refuse("backoff factor must be a power of two", [](auto& c) { c.backoff = 0.7; });
  refuse("outside [", [](auto& c) { c.init = 0x1p30; });
  refuse("would raise it", [](auto& c) { c.threshold = 0x1p20; });
  refuse("floor where the scale stays must be a power of two", [](auto& c) {
    c.floor = ScaleFloor::hold;
    c.min = 3000;
  });
  expect_error(ErrorKind::usage, {"fairsec", "fairseq"}, [] { loss_scaler_preset("fairsec"); });
}

TEST(LossScaler, ItsStateIsAllThatDecides) {
  LossScaler scaler(config_of("ours"));
  const auto& gradients = golden().at("gradients");
  for (size_t i = 0; i < 150; ++i) scaler.on_attempt(overflows(gradients[i], scaler.scale()));
  LossScaler resumed(config_of("ours"));
  resumed.set_state(loss_scaler_state_from_json(to_json(scaler.state()), "state.json"));
  EXPECT_EQ(resumed.state(), scaler.state());
  for (size_t i = 150; i < gradients.size(); ++i) {
    ASSERT_EQ(resumed.scale(), scaler.scale());
    const bool overflow = overflows(gradients[i], scaler.scale());
    ASSERT_EQ(resumed.on_attempt(overflow), scaler.on_attempt(overflow));
  }
  EXPECT_EQ(resumed.state(), scaler.state());
  expect_error(ErrorKind::model, {"state.json", "hysteresis_left"},
               [] { loss_scaler_state_from_json(R"({"scale":1,"good_steps":0})", "state.json"); });
}

}  // namespace
}  // namespace lowbit
