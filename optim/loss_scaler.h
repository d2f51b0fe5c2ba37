#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// What happens when the scale would fall below its floor.
enum class ScaleFloor : uint8_t {
  raise,  ///< training ends; the scale stays where it was
  hold,   ///< the scale stays at the floor and updates go on being skipped
  none,   ///< there is no floor
};

/// What is done about gradients that are not finite.
enum class NonFinite : uint8_t {
  skip,   ///< no update; the scale may fall
  prune,  ///< NaN becomes 0 and infinity the largest f16 value, and the update happens (Marian)
};

/// One state machine for every tool's loss scaling; a preset is a row of numbers. All scales are powers of two, so that
/// scaling commutes with rounding and gradients unscale exactly.
struct LossScalerConfig {
  std::string preset = "ours";
  double init = 8192;
  double growth = 2, backoff = 0.5;  ///< factors; growth 1: never
  int64_t interval = 1000;           ///< updates without an overflow before the scale grows
  double min = 0, max = 0;           ///< max 0: none
  bool min_is_reached = false;       ///< the floor is met by min itself (fairseq), not only by less
  double threshold = 0;      ///< the scale never falls below it, and so never meets the floor (fairseq); 0: none
  double tolerance = 0;      ///< skips leave the scale while their share since its last change is below (fairseq)
  int64_t hysteresis = 1;    ///< skips before the scale falls; refilled when it grows
  int64_t refill_after = 0;  ///< updates without an overflow that refill it too; 0: none
  ScaleFloor floor = ScaleFloor::none;
  NonFinite non_finite = NonFinite::skip;
};

/// ours, fairseq, torch, apex, deepspeed, megatron, marian-compat, flashlight, static, in this order.
std::vector<std::string> loss_scaler_presets();
/// `ranks` and `update_freq` shorten fairseq's interval as they do there: 2^14 / ranks / update_freq, at least 1.
/// ErrorKind::usage for an unknown name.
LossScalerConfig loss_scaler_preset(std::string_view name, int64_t ranks = 1, int64_t update_freq = 1);
/// ErrorKind::usage, naming the number, for a scale or factor that is not a power of two and for bounds that exclude
/// init.
void validate(const LossScalerConfig& config);

/// The scale and what decides when it moves next; checkpoints keep all of it.
struct LossScalerState {
  double scale = 1;
  int64_t good_steps = 0;  ///< updates since the last overflow
  int64_t hysteresis_left = 0;
  int64_t attempt = 0;  ///< attempts so far, and the index of the next one
  int64_t last_overflow_attempt = -1, last_rescale_attempt = -1;
  int64_t overflows_since_rescale = 0;
  int64_t skipped_total = 0, consecutive_skips = 0;
  uint64_t history = 0;  ///< of the last 64 attempts, the latest in bit 0: 1 for a skip
  friend bool operator==(const LossScalerState&, const LossScalerState&) = default;
};

std::string to_json(const LossScalerState& state);
/// ErrorKind::model naming `file` and the key.
LossScalerState loss_scaler_state_from_json(std::string_view text, const std::string& file);

/// Decides after every attempt whether its update counts, and what the next scale is. Pure: no tensors, no clock.
///
/// Source: Micikevicius et al. 2018, arXiv:1710.03740, section 3.2; the presets follow the tools they are named after.
class LossScaler {
 public:
  enum class Outcome : uint8_t {
    step,   ///< update
    skip,   ///< do not
    floor,  ///< do not, and stop: lowering the scale further will not help
    stuck,  ///< do not, and stop: half of the last 64 attempts were skipped
  };

  explicit LossScaler(const LossScalerConfig& config);

  double scale() const { return state_.scale; }
  Outcome on_attempt(bool overflow);

  const LossScalerConfig& config() const { return config_; }
  const LossScalerState& state() const { return state_; }
  void set_state(const LossScalerState& state) { state_ = state; }

 private:
  void on_success();
  bool tolerates() const;

  LossScalerConfig config_;
  LossScalerState state_;
};

}  // namespace lowbit
