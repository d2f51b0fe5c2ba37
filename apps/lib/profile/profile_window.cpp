#include "apps/lib/profile/profile_window.h"

#include "apps/lib/log/log.h"
#include "apps/lib/profile/profile_report.h"
#include "core/files/atomic.h"

namespace lowbit {

void ProfileWindow::update_done() {
  if (updates_ == 0) return;
  ++done_;
  if (done_ == kWarmup) profiler_.emplace();
  if (done_ == kWarmup + updates_) write(updates_);
}

void ProfileWindow::finish() {
  if (profiler_ && done_ > kWarmup) return write(done_ - kWarmup);
  if (updates_ > 0 && done_ <= kWarmup)
    log_warning("no profile: the run ended within the {} updates that a profile leaves out", kWarmup);
}

void ProfileWindow::write(int64_t updates) {
  const std::vector<ProfileEvent> events = profiler_->events();
  profiler_.reset();
  write_file_atomically(folder_ + "/profile.txt", profile_table(events, updates, measure_peaks()));
  write_file_atomically(folder_ + "/trace.json", chrome_trace(events));
  log_info("profile of {} updates: {}/profile.txt; trace.json beside it opens in chrome://tracing", updates, folder_);
}

}  // namespace lowbit
