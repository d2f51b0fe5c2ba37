#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/site.h"
#include "core/operation_count.h"

namespace lowbit {

/// One op instance at work: seconds since the profiler began, the matrix products it ran, and the bytes of CPU tensors
/// that are in use after it and were at most so far.
struct ProfileEvent {
  std::shared_ptr<const std::string> path;  ///< of the site; null outside any module
  std::string_view op, phase;               ///< "linear", "forward"
  double start = 0, seconds = 0;
  OperationCount operations;
  size_t bytes_in_use = 0, bytes_peak = 0;
};

/// Where the time of this thread goes, by site. While one lives, each result recorded and each backward that has run is
/// charged with the time since the event before it, so that the events add up to the whole.
class Profiler {
 public:
  /// Work in its scope is charged to nothing: what stands between the rounds that are looked at, as validation does.
  class Pause {
   public:
    Pause();
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Profiler* paused_;
  };

  Profiler();
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Charges the time since the last mark of the profiler of this thread, if there is one.
  static void mark(const Site& site, std::string_view phase);
  /// The same for work outside the tape: Profiler::mark("optimizer").
  static void mark(std::string_view phase) { mark(Site{nullptr, phase, {}}, phase); }

  const std::vector<ProfileEvent>& events() const { return events_; }

 private:
  double now() const;
  void restart();

  std::vector<ProfileEvent> events_;
  double begin_ = 0, last_ = 0;
  OperationCount counted_ = operation_count();
  Profiler* outer_;
};

}  // namespace lowbit
