#pragma once

#include <cstddef>

#include "core/device.h"

namespace lowbit {

/// A piece of device memory.
struct Block {
  void* ptr = nullptr;
  size_t bytes = 0;  ///< what the allocator set aside, at least what was asked for
};

/// One caching allocator per device: released blocks are kept and handed out again, so a training step in its steady
/// state asks the operating system for nothing. Thread-safe.
class Allocator {
 public:
  virtual ~Allocator() = default;
  /// 64-byte aligned, contents undefined. Error (ErrorKind::memory) names the request, what is in use and the peak.
  virtual Block allocate(size_t bytes) = 0;
  virtual void release(Block block) noexcept = 0;
  virtual size_t bytes_in_use() const = 0;
  virtual size_t bytes_peak() const = 0;
  virtual void reset_peak() = 0;
  /// Gives cached blocks back to the system.
  virtual void trim() noexcept = 0;
};

Allocator& allocator(Device device);

}  // namespace lowbit
