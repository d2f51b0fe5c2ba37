#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// Packed layouts of other projects and papers, for reading and writing their weights. Codes are -1, 0, 1 (ternary) or
/// -1, 1 (signs) of one row or one tensor; errors (ErrorKind::model) name a size or a byte that no packer writes.
namespace lowbit::formats {

/// I2_S: blocks of 128 codes in 32 bytes; byte j holds codes j, 32 + j, 64 + j, 96 + j, each + 1, from the high bits
/// down. A short last block is filled with code 1, whose field is 2.
std::vector<uint8_t> pack_i2s(std::span<const int8_t> codes);
std::vector<int8_t> unpack_i2s(std::span<const uint8_t> packed, int64_t count);

/// 5 ternary codes a byte: sum of (code + 1) * 3^(4 - i), the first code most significant; 1.6 bits a code. A short
/// last byte is filled with code -1.
std::vector<uint8_t> pack_base3(std::span<const int8_t> codes);
std::vector<int8_t> unpack_base3(std::span<const uint8_t> packed, int64_t count);

/// TL1: pairs of ternary codes as 3 * (first + 1) + (second + 1), one index 0..8 a pair. An odd count is an error.
std::vector<uint8_t> tl1_indices(std::span<const int8_t> codes);
std::vector<int8_t> from_tl1_indices(std::span<const uint8_t> indices);

/// larq: signs in 32-bit words, the first in the lowest bit, 1 for -1; filled with 0.
std::vector<uint32_t> pack_larq(std::span<const int8_t> signs);
std::vector<int8_t> unpack_larq(std::span<const uint32_t> packed, int64_t count);

/// BCQ: signs in bytes, the first in the highest bit, 1 for +1; filled with 0.
std::vector<uint8_t> pack_bcq(std::span<const int8_t> signs);
std::vector<int8_t> unpack_bcq(std::span<const uint8_t> packed, int64_t count);

}  // namespace lowbit::formats
