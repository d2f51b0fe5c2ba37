#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lowbit {

/// checksums.txt of a folder: the XXH3 of files beside it, a line each, as `xxhsum --check checksums.txt` verifies
/// them.
class ChecksumList {
 public:
  static constexpr const char* kFile = "checksums.txt";

  /// Of a folder. Errors (model): no such file, an empty one, or a line that is no checksum.
  static ChecksumList read(const std::string& folder);
  /// Appears whole or not at all. Error (data): cannot be written.
  void write(const std::string& folder) const;

  void add(const std::string& name, uint64_t sum);
  bool holds(const std::string& name) const { return lines_.count(name) > 0; }
  /// Error (model) naming the first file of the folder that is missing or differs.
  void verify(const std::string& folder) const;

 private:
  std::map<std::string, std::string> lines_;  // by file name, in the file's own form
};

}  // namespace lowbit
