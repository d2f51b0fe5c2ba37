#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lowbit {

/// The check sum of zip archives and gzip, CRC-32 of ISO 3309 (polynomial 0x04c11db7, reflected), in pieces: `so_far`
/// is that of the bytes before. About 2 GB/s.
uint32_t crc32(std::span<const std::byte> bytes, uint32_t so_far = 0);

}  // namespace lowbit
