#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "autograd/profiler.h"

namespace lowbit {

/// Profiles some updates of a run: leaves out the first few, which allocate and compile, then writes profile.txt (the
/// tables) and trace.json (for chrome://tracing) into the run's folder and says so.
class ProfileWindow {
 public:
  /// Never begins with `updates` 0.
  ProfileWindow(std::string folder, int64_t updates) : folder_(std::move(folder)), updates_(updates) {}
  /// To be called after every update.
  void update_done();
  /// To be called at the end of the run: writes what a run that ended early has, or says that it has nothing.
  void finish();

 private:
  static constexpr int64_t kWarmup = 3;

  void write(int64_t updates);

  std::string folder_;
  int64_t updates_, done_ = 0;
  std::optional<Profiler> profiler_;
};

}  // namespace lowbit
