#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lowbit {

/// SHA-256 (FIPS 180-4): assigns documents to splits and names the files that a score was measured on.
class Sha256 {
 public:
  using Digest = std::array<uint8_t, 32>;

  Sha256& update(std::string_view bytes);
  Digest digest();  ///< finishes the message; the object must not be updated afterwards

 private:
  void compress(const uint8_t* block);

  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> block_{};
  uint64_t bytes_ = 0;  // of the message so far
};

std::string to_hex(const Sha256::Digest& digest);

}  // namespace lowbit
