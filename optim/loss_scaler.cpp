#include "optim/loss_scaler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

using nlohmann::ordered_json;

constexpr double kFairseqMin = 1e-4;

const std::array<LossScalerConfig, 9>& presets() {
  static const std::array<LossScalerConfig, 9> all = {
      LossScalerConfig{.preset = "ours",
                       .init = 0x1p13,
                       .interval = 1000,
                       .min = 0x1p-14,
                       .max = 0x1p24,
                       .hysteresis = 2,
                       .refill_after = 100,
                       .floor = ScaleFloor::raise},
      LossScalerConfig{.preset = "fairseq",
                       .init = 128,
                       .interval = 1 << 14,
                       .min = kFairseqMin,
                       .min_is_reached = true,
                       .floor = ScaleFloor::raise},
      LossScalerConfig{.preset = "torch", .init = 0x1p16, .interval = 2000},
      LossScalerConfig{.preset = "apex", .init = 0x1p16, .interval = 2000, .max = 0x1p24},
      LossScalerConfig{.preset = "deepspeed",
                       .init = 0x1p16,
                       .interval = 1000,
                       .min = 1,
                       .hysteresis = 2,
                       .floor = ScaleFloor::raise},
      LossScalerConfig{
          .preset = "megatron", .init = 0x1p32, .interval = 1000, .min = 1, .hysteresis = 2, .floor = ScaleFloor::hold},
      LossScalerConfig{.preset = "marian-compat",
                       .init = 8,
                       .growth = 1,
                       .backoff = 1,
                       .interval = 10000,
                       .min = 8,
                       .floor = ScaleFloor::hold,
                       .non_finite = NonFinite::prune},
      // Its maximum is 32000; scales here are powers of two.
      LossScalerConfig{.preset = "flashlight",
                       .init = 4096,
                       .interval = 2000,
                       .min = kFairseqMin,
                       .max = 0x1p14,
                       .floor = ScaleFloor::raise},
      LossScalerConfig{.preset = "static", .init = 128, .growth = 1, .backoff = 1},
  };
  return all;
}

void require_power_of_two(double value, const char* what) {
  int exponent = 0;
  LB_REQUIRE(value > 0 && std::isfinite(value) && std::frexp(value, &exponent) == 0.5, ErrorKind::usage, "loss scale",
             "{} must be a power of two, so that gradients unscale exactly; got {}", what, value);
}

/// One list of keys for both directions.
template <class State, class Visitor>
void visit_keys(State& s, const Visitor& visitor) {
  visitor("scale", s.scale);
  visitor("good_steps", s.good_steps);
  visitor("hysteresis_left", s.hysteresis_left);
  visitor("attempt", s.attempt);
  visitor("last_overflow_attempt", s.last_overflow_attempt);
  visitor("last_rescale_attempt", s.last_rescale_attempt);
  visitor("overflows_since_rescale", s.overflows_since_rescale);
  visitor("skipped_total", s.skipped_total);
  visitor("consecutive_skips", s.consecutive_skips);
  visitor("history", s.history);
}

}  // namespace

std::vector<std::string> loss_scaler_presets() {
  std::vector<std::string> names;
  for (const LossScalerConfig& config : presets()) names.push_back(config.preset);
  return names;
}

LossScalerConfig loss_scaler_preset(std::string_view name, int64_t ranks, int64_t update_freq) {
  const auto found = std::find_if(presets().begin(), presets().end(), [&](const auto& c) { return c.preset == name; });
  if (found == presets().end())
    fail(ErrorKind::usage, "loss scale", "unknown preset {}{}", name, nearest_hint(name, loss_scaler_presets()));
  LossScalerConfig config = *found;
  if (name == "fairseq") config.interval = std::max<int64_t>(1, config.interval / ranks / update_freq);
  return config;
}

void validate(const LossScalerConfig& c) {
  require_power_of_two(c.init, "the initial scale");
  require_power_of_two(c.growth, "the growth factor");
  require_power_of_two(c.backoff, "the backoff factor");
  if (c.threshold != 0) require_power_of_two(c.threshold, "the threshold");
  if (c.max != 0) require_power_of_two(c.max, "the largest scale");
  if (c.floor == ScaleFloor::hold) require_power_of_two(c.min, "a floor where the scale stays");
  LB_REQUIRE(c.growth >= 1 && c.backoff <= 1 && c.interval >= 1 && c.hysteresis >= 1, ErrorKind::usage, "loss scale",
             "growth must be at least 1, backoff at most 1, interval and hysteresis at least 1; got {}, {}, {}, {}",
             c.growth, c.backoff, c.interval, c.hysteresis);
  LB_REQUIRE(c.init >= c.min && (c.max == 0 || c.init <= c.max), ErrorKind::usage, "loss scale",
             "the initial scale {} is outside [{}, {}]", c.init, c.min, c.max);
  LB_REQUIRE(c.threshold <= c.init, ErrorKind::usage, "loss scale",
             "the threshold {} is above the initial scale {}: an overflow would raise it", c.threshold, c.init);
}

std::string to_json(const LossScalerState& state) {
  ordered_json json;
  visit_keys(state, [&](const char* key, const auto& value) { json[key] = value; });
  return json.dump();
}

LossScalerState loss_scaler_state_from_json(std::string_view text, const std::string& file) {
  LossScalerState state;
  try {
    const ordered_json json = ordered_json::parse(text);
    visit_keys(state, [&](const char* key, auto& value) { json.at(key).get_to(value); });
  } catch (const ordered_json::exception& error) {
    fail(ErrorKind::model, "loss scale", "{}: {}", file, error.what());
  }
  return state;
}

LossScaler::LossScaler(const LossScalerConfig& config) : config_(config) {
  validate(config);
  state_.scale = config.init;
  state_.hysteresis_left = config.hysteresis;
}

void LossScaler::on_success() {
  state_.consecutive_skips = 0;
  ++state_.good_steps;
  if (config_.refill_after > 0 && state_.good_steps % config_.refill_after == 0)
    state_.hysteresis_left = config_.hysteresis;
  if (state_.good_steps % config_.interval != 0) return;
  const double grown = state_.scale * config_.growth;
  state_.scale = config_.max > 0 ? std::min(grown, config_.max) : grown;
  state_.hysteresis_left = config_.hysteresis;
  state_.last_rescale_attempt = state_.attempt;
}

/// Of an overflow that has been counted.
bool LossScaler::tolerates() const {
  const double since = static_cast<double>(state_.attempt - state_.last_rescale_attempt);
  return state_.hysteresis_left > 0 || static_cast<double>(state_.overflows_since_rescale) / since < config_.tolerance;
}

LossScaler::Outcome LossScaler::on_attempt(bool overflow) {
  const bool skip = overflow && config_.non_finite == NonFinite::skip;
  state_.history = state_.history << 1 | (skip ? 1u : 0u);
  Outcome outcome = skip ? Outcome::skip : Outcome::step;
  if (!skip) {
    on_success();
  } else {
    ++state_.consecutive_skips;
    ++state_.skipped_total;
    ++state_.overflows_since_rescale;
    state_.good_steps = 0;
    state_.last_overflow_attempt = state_.attempt;
    state_.hysteresis_left = std::max<int64_t>(state_.hysteresis_left - 1, 0);
    if (!tolerates()) {
      double lower = std::max(state_.scale * config_.backoff, config_.threshold);
      const bool below = lower < config_.min || (config_.min_is_reached && lower <= config_.min);
      if (below && config_.floor == ScaleFloor::raise) {
        outcome = Outcome::floor;
        lower = state_.scale;
      } else if (below && config_.floor == ScaleFloor::hold) {
        lower = config_.min;
      }
      state_.scale = lower;
      state_.last_rescale_attempt = state_.attempt;
      state_.overflows_since_rescale = 0;
    }
    constexpr int kStuck = 32;
    if (outcome == Outcome::skip && std::popcount(state_.history) >= kStuck) outcome = Outcome::stuck;
  }
  ++state_.attempt;
  return outcome;
}

}  // namespace lowbit
