#pragma once

#include <cstdint>
#include <string>

namespace lowbit {

enum class DeviceType : uint8_t { cpu, cuda };

/// Where a tensor lives.
struct Device {
  DeviceType type = DeviceType::cpu;
  int8_t index = 0;
  bool operator==(const Device&) const = default;
};

/// "cpu", "cuda:0".
std::string to_string(Device device);

}  // namespace lowbit
