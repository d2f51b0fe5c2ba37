#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct XXH3_state_s;

namespace lowbit {

/// XXH3, 64 bits, seed 0, over bytes that come in pieces.
class Checksum {
 public:
  Checksum();
  void add(std::span<const std::byte> bytes);
  uint64_t value() const;

 private:
  std::unique_ptr<XXH3_state_s, void (*)(XXH3_state_s*)> state_;
};

/// Of a whole file. Error of kind `model` (its use is to verify checkpoints) when it cannot be read.
uint64_t checksum_of_file(const std::string& path);

}  // namespace lowbit
