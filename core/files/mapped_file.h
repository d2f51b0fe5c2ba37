#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace lowbit {

/// A file mapped read-only. The bytes live as long as this object; the file must not be shortened meanwhile (files of
/// ours never are: they are replaced by rename).
class MappedFile {
 public:
  /// Error of the given kind if the file does not exist, is a folder or cannot be read.
  explicit MappedFile(const std::string& path, ErrorKind kind = ErrorKind::data);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(address_), size_}; }
  /// Says that these bytes will not be read soon: their pages no longer count as memory of this process.
  void release(std::span<const std::byte> part) const;
  std::string_view text() const { return {static_cast<const char*>(address_), size_}; }

 private:
  void* address_ = nullptr;  // null for an empty file
  size_t size_ = 0;
};

}  // namespace lowbit
