#pragma once

#include <cstdint>

#include "data/batch/batch.h"

namespace lowbit {

/// An endless sequence of batches: position i lies in epoch i / batches_per_epoch(). Batch i is a pure function of i,
/// so a training that resumes at i sees what it would have seen.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual Batch next() = 0;                 ///< the batch at position(), which moves on by one
  virtual void seek(int64_t position) = 0;  ///< costs no replay
  virtual int64_t position() const = 0;
  virtual int64_t batches_per_epoch() const = 0;
};

}  // namespace lowbit
