#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace lowbit {
namespace {

/// Share of the way from `begin` to `end`, 0 to 1.
double progress(int64_t t, int64_t begin, int64_t end) {
  return std::clamp(static_cast<double>(t - begin) / static_cast<double>(end - begin), 0.0, 1.0);
}

double half_cosine(double x) { return 0.5 * (1 + std::cos(std::numbers::pi * x)); }

double fall(DecayShape shape, double x) {
  switch (shape) {
    case DecayShape::linear:
      return 1 - x;
    case DecayShape::cosine:
      return half_cosine(x);
    case DecayShape::sqrt:
      return 1 - std::sqrt(x);
  }
  return 0;
}

/// Height between min_lr (0) and lr (1) after the warm-up, for the kinds that end at `total`.
double height(const ScheduleConfig& c, int64_t t) {
  const double x = progress(t, c.warmup, c.total);
  switch (c.kind) {
    case ScheduleKind::linear:
      return 1 - x;
    case ScheduleKind::polynomial:
      return std::pow(1 - x, c.power);
    case ScheduleKind::cosine:
      return x < 1 ? half_cosine(std::fmod(static_cast<double>(c.cycles) * x, 1.0)) : 0;
    default:  // wsd
      return fall(c.decay_shape, progress(t, c.total - c.decay, c.total));
  }
}

double tri_stage(const ScheduleConfig& c, int64_t t) {
  if (t < c.warmup) return c.lr * (c.init_lr_scale + (1 - c.init_lr_scale) * progress(t, 0, c.warmup));
  const int64_t flat = c.warmup + c.hold;
  return c.lr * std::pow(c.final_lr_scale, progress(t, flat, flat + c.decay));
}

double noam(const ScheduleConfig& c, double t) {
  if (t <= 0) return 0;
  const double scale = c.lr / std::sqrt(static_cast<double>(c.model_dim));
  return scale * std::min(1 / std::sqrt(t), t * std::pow(static_cast<double>(c.warmup), -1.5));
}

double inverse_sqrt(const ScheduleConfig& c, int64_t t) {
  const auto timescale = static_cast<double>(c.timescale ? c.timescale : c.warmup);
  return c.lr / std::sqrt(1 + static_cast<double>(t - c.warmup) / timescale);
}

}  // namespace

Schedule::Schedule(const ScheduleConfig& config) : config_(config) {
  const ScheduleConfig& c = config_;
  const auto require = [](bool condition, const char* message) {
    LB_REQUIRE(condition, ErrorKind::usage, "schedule", "{}", message);
  };
  require(std::isfinite(c.lr) && c.lr >= 0, "lr must be a number from 0");
  require(c.warmup >= 0, "warmup must be at least 0");
  switch (c.kind) {
    case ScheduleKind::wsd:
      require(c.decay >= 1 && c.warmup + c.decay <= c.total, "wsd needs 1 <= decay <= total - warmup");
      break;
    case ScheduleKind::linear:
    case ScheduleKind::polynomial:
    case ScheduleKind::cosine:
      LB_REQUIRE(c.total > c.warmup, ErrorKind::usage, "schedule",
                 "run.max_update={} must be larger than optim.warmup={}: raise one, or lower the other", c.total,
                 c.warmup);
      require(c.power > 0 && c.cycles >= 1, "power must be positive, cycles at least 1");
      break;
    case ScheduleKind::inverse_sqrt:
      require(c.timescale > 0 || (c.timescale == 0 && c.warmup > 0), "inverse_sqrt needs warmup or timescale");
      break;
    case ScheduleKind::tri_stage:
      require(c.hold >= 0 && c.decay >= 1, "tri_stage needs hold >= 0 and decay >= 1");
      require(c.final_lr_scale > 0, "final_lr_scale must be positive");
      break;
    case ScheduleKind::noam:
      require(c.warmup >= 1 && c.model_dim >= 1, "noam needs warmup and model_dim");
      break;
    case ScheduleKind::fixed:
      break;
  }
}

double Schedule::operator()(int64_t updates_done) const {
  const ScheduleConfig& c = config_;
  const bool early =
      c.offset == ScheduleOffset::plus1 || (c.offset == ScheduleOffset::fairseq && c.kind == ScheduleKind::fixed);
  const int64_t t = updates_done + (early ? 1 : 0);
  if (c.kind == ScheduleKind::tri_stage) return tri_stage(c, t);
  if (c.kind == ScheduleKind::noam) return noam(c, static_cast<double>(t));
  if (t < c.warmup) return c.warmup_init_lr + (c.lr - c.warmup_init_lr) * progress(t, 0, c.warmup);
  if (c.kind == ScheduleKind::fixed) return c.lr;
  if (c.kind == ScheduleKind::inverse_sqrt) return inverse_sqrt(c, t);
  return c.min_lr + (c.lr - c.min_lr) * height(c, t);
}

}  // namespace lowbit
