#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "data/batch/batch_source.h"

namespace lowbit {

/// The same batches in the same order, made up to `depth` ahead by a thread. An error of the inner source comes out of
/// the next() that would have returned the batch, and of every later one until seek().
class Prefetch final : public BatchSource {
 public:
  Prefetch(std::unique_ptr<BatchSource> source, int64_t depth);

  Batch next() override;
  void seek(int64_t position) override;
  int64_t position() const override { return position_; }
  int64_t batches_per_epoch() const override { return batches_per_epoch_; }

 private:
  void start();
  void run(const std::stop_token& stop);

  const std::unique_ptr<BatchSource> source_;  // used by the thread only while it runs
  const size_t depth_;
  const int64_t batches_per_epoch_;
  int64_t position_;  // of the batch that next() returns
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Batch> ready_;
  std::exception_ptr failure_;  // set by the thread when it gives up
  std::jthread thread_;         // last: stops before the rest goes
};

}  // namespace lowbit
