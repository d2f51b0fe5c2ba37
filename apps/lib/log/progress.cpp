#include "apps/lib/log/progress.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/lib/log/metrics.h"
#include "apps/lib/log/train_line.h"

namespace lowbit {
namespace {

constexpr double kHalfLife = 20;  // seconds
constexpr std::chrono::milliseconds kRedraw{100};
constexpr int kBarWidth = 20;

}  // namespace

void declare_progress_options(OptionRegistry& registry, LogConfig& config, const std::string& interval_help) {
  const EnumNames<LogFormat> names = {
      {"tqdm", LogFormat::tqdm}, {"simple", LogFormat::simple}, {"json", LogFormat::json}, {"none", LogFormat::none}};
  registry.add("log.format", config.format, names, "progress on stderr; tqdm is simple where stderr is no terminal")
      .alias("log-format");
  registry.add("log.interval", config.interval, interval_help).alias("log-interval").range(1, 1e9);
}

void declare_log_options(OptionRegistry& registry, LogConfig& config) {
  declare_progress_options(registry, config, "updates between log lines and training records");
  registry
      .add("log.tensorboard", config.tensorboard, "folder for TensorBoard event files; empty is tb/ in the run folder")
      .alias("tensorboard-logdir");
}

void RateMeter::update(Clock::time_point now, int64_t done) {
  const double elapsed = std::chrono::duration<double>(now - last_).count();
  const double keep = std::exp2(-elapsed / kHalfLife);
  work_ = work_ * keep + static_cast<double>(done - done_);
  seconds_ = seconds_ * keep + elapsed;
  last_ = now, done_ = done;
}

double RateMeter::per_second() const { return seconds_ > 0 ? work_ / seconds_ : 0; }

double RateMeter::seconds_left(int64_t total) const {
  const double rate = per_second();
  return rate > 0 ? static_cast<double>(total - done_) / rate : std::numeric_limits<double>::infinity();
}

std::string clock_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto total = static_cast<int64_t>(std::llround(seconds));
  const int64_t hours = total / 3600, minutes = total / 60 % 60, rest = total % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest) : fmt::format("{}:{:02}", minutes, rest);
}

std::string progress_line(const std::string& label, int64_t done, int64_t total, const RateMeter& rate,
                          const std::string& metrics, int columns) {
  const double share = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
  const auto filled = static_cast<size_t>(share * kBarWidth);
  const std::string bar = std::string(filled, '#') + std::string(kBarWidth - filled, ' ');
  const double speed = rate.per_second();
  const std::string pace =
      speed >= 1 || speed == 0 ? fmt::format("{:.1f} it/s", speed) : fmt::format("{:.1f} s/it", 1 / speed);
  std::string line = fmt::format("{}: {:3.0f}%|{}| {}/{} [{}, {} left] {}", label, 100 * share, bar, done, total, pace,
                                 clock_text(rate.seconds_left(total)), metrics);
  if (static_cast<int>(line.size()) >= columns)
    line.resize(static_cast<size_t>(std::max(columns - 1, 0)));  // a full line would wrap
  return line;
}

Progress::Progress(std::string label, int64_t total, const LogConfig& config, int64_t done)
    : label_(std::move(label)),
      total_(total),
      interval_(config.interval),
      format_(config.format),
      rate_(RateMeter::Clock::now(), done) {
  if (format_ == LogFormat::tqdm && !stderr_traits().interactive) format_ = LogFormat::simple;
}

Progress::~Progress() {
  if (format_ == LogFormat::tqdm) show_transient_line("");
}

void Progress::advance(int64_t done, const std::function<nlohmann::ordered_json()>& record) {
  if (format_ == LogFormat::none) return;
  const auto now = RateMeter::Clock::now();
  rate_.update(now, done);
  if (format_ == LogFormat::tqdm) {
    if (now - shown_ < kRedraw && done < total_) return;
    shown_ = now;
    show_transient_line(progress_line(label_, done, total_, rate_, metric_list(record()), stderr_traits().columns));
  } else if (done % interval_ == 0 || done == total_) {
    const nlohmann::ordered_json values = record();
    if (format_ == LogFormat::json) return log_info("{}", finish_record(values).dump());
    log_info("{}", step_line(label_, done, total_, values, clock_text(rate_.seconds_left(total_))));
  }
}

}  // namespace lowbit
