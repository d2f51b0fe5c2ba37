#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

namespace lowbit {

/// One entry of an archive.
struct ZipEntry {
  std::span<const std::byte> bytes;
  /// CRC-32 of the bytes; 0: the writer computed none, as torch.save when told so.
  uint32_t check_sum = 0;
};
using ZipEntries = std::map<std::string, ZipEntry, std::less<>>;

/// The entries of a zip archive, by name, all of them stored. Sizes and places come from the central directory (64-bit
/// fields included) and are checked against the file before anything is read; check sums are for who reads an entry.
///
/// Errors (model), naming `path` and the entry: no directory at the end of the file, one that is cut off or lies about
/// its size, an entry that is compressed or encrypted, that reaches beyond the directory, overlaps another, has another
/// name in its own header or stands there twice.     Source: PKWARE's APPNOTE
ZipEntries read_zip(const std::string& path, std::span<const std::byte> file);

}  // namespace lowbit
