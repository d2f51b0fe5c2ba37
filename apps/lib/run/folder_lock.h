#pragma once

#include <string>

namespace lowbit {

/// The right to train in a run's folder, held while this lives: flock on its file .lock. The kernel gives it back
/// however the process ends, so that the file alone means nothing; who only reads a run asks for no lock.
class FolderLock {
 public:
  inline static constexpr const char* kFile = ".lock";

  /// Error (usage) when another process, or another FolderLock of this one, holds it; (data) when the file cannot be
  /// made. On a file system without locks, a warning.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace lowbit
