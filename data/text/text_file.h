#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace lowbit {

/// A UTF-8 text file in memory, cut into lines. Line numbers count from 1, byte offsets from the file's first byte (0).
/// A byte order mark and the carriage return of a CR LF line end belong to no line; a missing last line end is
/// accepted.
class TextFile {
 public:
  /// Whether a file without a byte is an error or holds no lines.
  enum class Empty : uint8_t { refused, allowed };

  /// Errors (data): missing, unreadable or (unless allowed) empty file; the first byte that is not UTF-8, with its
  /// line.
  static TextFile read(const std::filesystem::path& path, Empty empty = Empty::refused);
  /// The same for what a stream holds up to its end; `name` stands for the path in messages.
  static TextFile read(std::istream& stream, const std::string& name, Empty empty = Empty::refused);

  int64_t lines() const { return static_cast<int64_t>(starts_.size()) - 1; }
  std::string_view line(int64_t number) const;
  bool ends_with_newline() const { return !bytes_.empty() && bytes_.back() == '\n'; }
  const std::filesystem::path& path() const { return path_; }
  std::string where(int64_t number) const;  ///< "FILE, line 3, byte 57", for messages

 private:
  TextFile() = default;
  static TextFile cut(const std::filesystem::path& path, std::string bytes, Empty empty);
  int64_t start(int64_t number) const { return starts_[static_cast<size_t>(number - 1)]; }

  std::filesystem::path path_;
  std::string bytes_;
  std::vector<int64_t> starts_;  ///< offset of each line, then of the end
};

}  // namespace lowbit
