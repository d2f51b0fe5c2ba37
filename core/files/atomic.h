#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/files/checksum.h"

namespace lowbit {

/// A file that appears whole or not at all: bytes go to a temporary name beside `path`; commit() brings them to the
/// disk and renames. Without commit() the destructor removes the temporary, and an older file stays as it was.
///
/// Errors (ErrorKind::data, as for every output that cannot be written): disk full, no permission, no such folder.
/// Only a killed process leaves a temporary behind; is_temporary_name() tells them.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// fsync, rename, fsync of the folder. Returns the checksum of all that was written.
  uint64_t commit();

 private:
  std::string path_, temporary_;
  int descriptor_ = -1;
  int64_t written_ = 0;
  Checksum sum_;
};

/// AtomicFile for contents at hand. Returns their checksum.
uint64_t write_file_atomically(const std::string& path, std::string_view text);

/// The same for a folder: fill path(), then commit(). A folder that already has the name is replaced.
/// What is put in it must be on the disk by then (AtomicFile sees to it).
class AtomicFolder {
 public:
  explicit AtomicFolder(const std::string& path);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to write before commit().
  const std::string& path() const { return temporary_; }
  void commit();

 private:
  std::string path_, temporary_;
};

/// Makes `link` point at `target` (kept as written, so relative to the folder of the link), in place of an older link.
void point_link(const std::string& link, const std::string& target);

/// Removes a folder so that no half of it ever has its name. Does nothing if there is none.
void remove_folder_atomically(const std::string& path);

/// Whether a file name is one that a killed process may have left: "model.safetensors.tmp-4711-0".
bool is_temporary_name(std::string_view name);

}  // namespace lowbit
