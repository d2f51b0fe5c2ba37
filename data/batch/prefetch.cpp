#include "data/batch/prefetch.h"

#include <utility>

#include "core/error.h"

namespace lowbit {

Prefetch::Prefetch(std::unique_ptr<BatchSource> source, int64_t depth)
    : source_(std::move(source)),
      depth_(static_cast<size_t>(depth)),
      batches_per_epoch_(source_->batches_per_epoch()),
      position_(source_->position()) {
  LB_CHECK(depth > 0, "prefetch", "depth must be positive, not {}", depth);
  start();
}

void Prefetch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Prefetch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Batch batch;
    std::exception_ptr failure;
    try {
      batch = source_->next();
    } catch (...) {
      failure = std::current_exception();
    }
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return ready_.size() < depth_; })) return;
    failure_ = failure;
    if (!failure) ready_.push_back(std::move(batch));
    changed_.notify_all();
    if (failure) return;
  }
}

Batch Prefetch::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  ++position_;
  changed_.notify_all();
  return batch;
}

void Prefetch::seek(int64_t position) {
  LB_CHECK(position >= 0, "prefetch", "position {} is negative", position);
  thread_.request_stop();
  thread_.join();
  ready_.clear();
  failure_ = nullptr;
  source_->seek(position);
  position_ = position;
  start();
}

}  // namespace lowbit
