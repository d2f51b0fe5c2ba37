#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/lib/tensorboard/event.h"
#include "tests/support/temp_dir.h"

namespace lowbit::test {

/// Payloads of the event files in a folder, file by file from the oldest, each record checked.
inline std::vector<std::string> event_payloads(const std::string& folder) {
  std::vector<std::string> files, payloads;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_TRUE(entry.path().filename().string().starts_with("events.out.tfevents."));
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    const std::string bytes = contents(file);
    for (size_t at = 0; at < bytes.size();) {
      uint64_t length = 0;
      std::memcpy(&length, bytes.data() + at, sizeof(length));
      payloads.push_back(bytes.substr(at + 12, length));
      EXPECT_EQ(bytes.substr(at, length + 16), frame_record(payloads.back()));
      at += length + 16;
    }
  }
  return payloads;
}

/// The fields of a protobuf message by number, the last of each: integers as such, others as bytes.
struct ProtoFields {
  std::map<int, uint64_t> integers;
  std::map<int, std::string> bytes;

  explicit ProtoFields(const std::string& message) {
    size_t at = 0;
    const auto varint = [&] {
      uint64_t value = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<uint8_t>(message.at(at++));
        value |= static_cast<uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < message.size()) {
      const uint64_t key = varint();
      const int field = static_cast<int>(key >> 3), type = static_cast<int>(key & 7);
      if (type == 0) {
        integers[field] = varint();
        continue;
      }
      const size_t size = type == 1 ? 8 : type == 5 ? 4 : varint();
      bytes[field] = message.substr(at, size);
      at += size;
    }
  }
};

/// Scalars of a folder as TensorBoard shows them: tag, step, value; a restart takes back its step and what follows.
inline std::map<std::string, std::map<int64_t, float>> read_scalars(const std::string& folder) {
  std::map<std::string, std::map<int64_t, float>> scalars;
  for (const std::string& payload : event_payloads(folder)) {
    const ProtoFields event(payload);
    const int64_t step = event.integers.contains(2) ? static_cast<int64_t>(event.integers.at(2)) : 0;
    if (event.bytes.contains(7))
      for (auto& [tag, values] : scalars) values.erase(values.lower_bound(step), values.end());
    if (!event.bytes.contains(5)) continue;
    const ProtoFields value(ProtoFields(event.bytes.at(5)).bytes.at(1));
    if (value.bytes.contains(2)) std::memcpy(&scalars[value.bytes.at(1)][step], value.bytes.at(2).data(), 4);
  }
  return scalars;
}

}  // namespace lowbit::test
