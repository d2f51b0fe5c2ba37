#include "core/device.h"

#include <fmt/core.h>

namespace lowbit {

std::string to_string(Device device) {
  return device.type == DeviceType::cpu ? "cpu" : fmt::format("cuda:{}", device.index);
}

}  // namespace lowbit
