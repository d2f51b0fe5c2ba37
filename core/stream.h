#pragma once

#include "core/device.h"

namespace lowbit {

/// An in-order queue of work on one device. CPU kernels run at once on the calling thread and its OpenMP team; a CUDA
/// stream carries its native handle here.
class Stream {
 public:
  explicit Stream(Device device) : device_(device) {}
  Device device() const { return device_; }

 private:
  Device device_;
};

/// The stream that ops use on `device`, per thread.
Stream& current_stream(Device device);

}  // namespace lowbit
