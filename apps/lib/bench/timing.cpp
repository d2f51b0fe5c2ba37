#include "apps/lib/bench/timing.h"

#include <fmt/core.h>

#include "apps/lib/profile/profile_report.h"
#include "core/files/atomic.h"

namespace lowbit {

void run_rounds(const BenchOptions& options, const std::function<void(bool counts)>& round) {
  for (int64_t i = 0; i < options.warmup; ++i) round(false);
  std::optional<Profiler> profiler;
  if (!options.profile.empty()) profiler.emplace();
  for (int64_t i = 0; i < options.rounds; ++i) round(true);
  if (!profiler) return;
  write_file_atomically(options.profile, chrome_trace(profiler->events()));
  fmt::print(stderr, "{}trace: {}\n", profile_table(profiler->events(), options.rounds, options.peaks),
             options.profile);
}

}  // namespace lowbit
