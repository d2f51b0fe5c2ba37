#include "apps/lib/profile/profile_window.h"

#include "apps/lib/log/log.h"
#include "apps/lib/profile/profile_report.h"
#include "core/files/atomic.h"

namespace lowbit {

void ProfileWindow::update_done() {
  if (updates_ == 0) return;
  ++done_;
  if (done_ == kWarmup) profiler_.emplace();
  if (done_ != kWarmup + updates_) return;
  write_file_atomically(folder_ + "/profile.txt", profile_table(profiler_->events(), updates_));
  write_file_atomically(folder_ + "/trace.json", chrome_trace(profiler_->events()));
  profiler_.reset();
  log_info("profile of {} updates: {}/profile.txt; trace.json beside it opens in chrome://tracing", updates_, folder_);
}

}  // namespace lowbit
