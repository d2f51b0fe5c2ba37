#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/lib/log/log.h"
#include "apps/lib/options/registry.h"

namespace lowbit {

enum class LogFormat : uint8_t { tqdm, simple, json, none };

struct LogConfig {
  LogFormat format = LogFormat::tqdm;
  int64_t interval = 100;
  std::string tensorboard = {};
};
/// log.format and log.interval, for a verb that shows progress and records nothing.
void declare_progress_options(OptionRegistry& registry, LogConfig& config, const std::string& interval_help);
/// log.format, log.interval, log.tensorboard, with fairseq's flags --log-format, --log-interval, --tensorboard-logdir.
void declare_log_options(OptionRegistry& registry, LogConfig& config);

/// Remaining time from an exponential average of the rate, so that a slow start or a pause for validation fades.
class RateMeter {
 public:
  using Clock = std::chrono::steady_clock;
  explicit RateMeter(Clock::time_point start, int64_t done = 0) : last_(start), done_(done) {}
  void update(Clock::time_point now, int64_t done);
  double per_second() const;                 ///< 0 before the first update
  double seconds_left(int64_t total) const;  ///< infinite while the rate is 0

 private:
  Clock::time_point last_;
  int64_t done_;
  double work_ = 0, seconds_ = 0;  // both decay with a half-life of kHalfLife seconds
};

/// The rewritten line: "epoch 001:  14%|####      | 200/1374 [12.3 it/s, 1:35 left] loss=6.123, ppl=69.7", never wider
/// than `columns`.
std::string progress_line(const std::string& label, int64_t done, int64_t total, const RateMeter& rate,
                          const std::string& metrics, int columns);

/// "1:35", "2:03:11"; "?" when unknown.
std::string clock_text(double seconds);

/// Progress of one epoch, evaluation or other long loop, shown on stderr in the chosen form. tqdm becomes simple when
/// stderr is not a terminal that can be rewritten.
///   tqdm    one line rewritten in place, ten times a second at most
///   simple  a line each `interval` steps
///   json    the record as one JSON object, each `interval` steps
class Progress {
 public:
  Progress(std::string label, int64_t total, const LogConfig& config, int64_t done = 0);
  ~Progress();  ///< takes the rewritten line away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// To be called after every step; cheap. `record` is asked for when something is shown.
  void advance(int64_t done, const std::function<nlohmann::ordered_json()>& record);

 private:
  std::string label_;
  int64_t total_, interval_;
  LogFormat format_;
  RateMeter rate_;
  RateMeter::Clock::time_point shown_{};
};

}  // namespace lowbit
