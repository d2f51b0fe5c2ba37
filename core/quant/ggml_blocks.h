#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/half.h"

/// The block formats of GGUF files that hold codes exactly: a block of a row's codes with one f16 scale,
/// value = code * scale.
namespace lowbit::formats {

/// By the numbers that files have.
enum class GgmlType : uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q8_0 = 8, tq1_0 = 34, tq2_0 = 35 };

/// "TQ2_0". Error (model) for a number that is none of them.
std::string_view to_string(GgmlType type);

struct GgmlBlock {
  int64_t values, bytes;
};
/// F32 and F16 are blocks of one value.
GgmlBlock block_of(GgmlType type);

/// One row of codes, each of its blocks with the same scale.
///   Q4_0    32 codes -8..7     f16 | byte j: codes j and 16 + j, each + 8, low nibble first
///   Q8_0    32 codes           f16 | codes
///   TQ2_0  256 codes -1, 0, 1  twice 32 bytes | f16; byte j of a half: codes j, 32 + j, 64 + j, 96 + j of it, each +
///   1,
///                              2 bits each, from the low ones up
///   TQ1_0  256 codes -1, 0, 1  32, 16 and 4 bytes | f16; byte j of a part of n bytes: 5 (of the last part: 4) codes j,
///                              n + j, ..., each + 1, as digits of base 3 after the point, the first one first
/// Errors (internal): a type of floats, a row that is no whole number of blocks, a code that the type cannot hold.
std::vector<std::byte> pack_blocks(GgmlType type, std::span<const int8_t> codes, f16 scale);

/// What pack_blocks was given. Error (model): the size is not that of the row, the blocks disagree about the scale, or
/// bits that no packer writes.
struct GgmlRow {
  std::vector<int8_t> codes;
  f16 scale;
};
GgmlRow unpack_blocks(GgmlType type, std::span<const std::byte> row, int64_t columns);

}  // namespace lowbit::formats
