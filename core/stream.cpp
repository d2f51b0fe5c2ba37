#include "core/stream.h"

#include "core/error.h"

namespace lowbit {

Stream& current_stream(Device device) {
  LB_REQUIRE(device.type == DeviceType::cpu, ErrorKind::device, "stream", "{} is not built in; use cpu",
             to_string(device));
  thread_local Stream cpu{Device{}};
  return cpu;
}

}  // namespace lowbit
