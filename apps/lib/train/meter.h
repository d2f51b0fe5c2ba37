#pragma once

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "optim/trainer.h"

namespace lowbit {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Natural logarithms to fairseq's base 2.
inline double base2(double nats) { return nats / std::numbers::ln2; }

/// Averages of the updates since the last log line, in fairseq's terms.
class Meter {
 public:
  void add(const StepReport& step) {
    loss_ += step.loss * static_cast<double>(step.tokens);
    nll_ += step.nll * static_cast<double>(step.tokens);
    tokens_ += step.tokens;
    ++updates_;
    clipped_ += step.clip_factor < 1;
    last_ = step;
  }

  bool empty() const { return updates_ == 0; }

  nlohmann::ordered_json record(const char* kind, int64_t epoch, double wall_s) const {
    const double seconds = seconds_since(start_);
    const double tokens = static_cast<double>(tokens_), updates = static_cast<double>(updates_);
    return {{"kind", kind},
            {"epoch", epoch},
            {"loss", base2(loss_ / tokens)},
            {"nll_loss", base2(nll_ / tokens)},
            {"ppl", std::exp(nll_ / tokens)},
            {"wps", tokens / seconds},
            {"ups", updates / seconds},
            {"wpb", tokens / updates},
            {"num_updates", last_.update},
            {"lr", last_.lr},
            {"gnorm", last_.grad_norm},
            {"clip", 100.0 * static_cast<double>(clipped_) / updates},
            {"train_wall", seconds},
            {"wall", wall_s}};
  }

 private:
  double loss_ = 0, nll_ = 0;
  int64_t tokens_ = 0, updates_ = 0, clipped_ = 0;
  StepReport last_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace lowbit
