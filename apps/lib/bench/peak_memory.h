#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace lowbit {

/// Peaks of memory since construction: what was used to build a model does not count, the model itself does.
class PeakMemory {
 public:
  PeakMemory();

  size_t tensor_bytes() const;  ///< of the allocator
  /// Resident size of the process; none where the kernel does not let a process reset its peak (Linux before 4.0, some
  /// sandboxes).
  std::optional<int64_t> resident_bytes() const;

 private:
  bool can_reset_ = false;
};

}  // namespace lowbit
