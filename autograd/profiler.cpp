#include "autograd/profiler.h"

#include <chrono>
#include <utility>

#include "core/allocator.h"

namespace lowbit {
namespace {

thread_local Profiler* profiler_here = nullptr;

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Profiler::Profiler() : begin_(clock_seconds()), outer_(profiler_here) { profiler_here = this; }
Profiler::~Profiler() { profiler_here = outer_; }

Profiler::Pause::Pause() : paused_(std::exchange(profiler_here, nullptr)) {}
Profiler::Pause::~Pause() {
  profiler_here = paused_;
  if (paused_) paused_->restart();
}

void Profiler::restart() {
  last_ = now();
  counted_ = operation_count();
}

double Profiler::now() const { return clock_seconds() - begin_; }

void Profiler::mark(const Site& site, std::string_view phase) {
  Profiler* const p = profiler_here;
  if (!p) return;
  const double now = p->now();
  const OperationCount counted = operation_count();
  p->events_.push_back({site.path, site.op, phase, p->last_, now - p->last_, counted - p->counted_,
                        allocator({}).bytes_in_use(), allocator({}).bytes_peak()});
  p->last_ = now;
  p->counted_ = counted;
}

}  // namespace lowbit
