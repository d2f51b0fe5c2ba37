#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace lowbit {

/// Where the wall time of a run goes, by phase ("forward", "validation").
class CostClock {
 public:
  void add(const std::string& phase, double seconds) { seconds_[phase] += seconds; }

  /// Runs fn and books its time.
  template <class Fn>
  auto time(const std::string& phase, const Fn& fn) {
    const Scope scope{*this, phase};
    return fn();
  }

  /// Seconds by phase since the last call.
  std::map<std::string, double> take() { return std::exchange(seconds_, {}); }

 private:
  struct Scope {
    CostClock& clock;
    const std::string& phase;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    ~Scope() { clock.add(phase, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()); }
  };

  std::map<std::string, double> seconds_;
};

}  // namespace lowbit
