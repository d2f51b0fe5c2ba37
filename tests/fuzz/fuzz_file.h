#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/error.h"

namespace lowbit::fuzz {

/// An input as a file in memory, for readers that take paths.
class File {
 public:
  File(const uint8_t* data, size_t size) : descriptor_(memfd_create("input", 0)) {
    if (descriptor_ < 0 || write(descriptor_, data, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

/// Reads an input by fn, which may refuse it as a broken model file, in one line; whatever else it does is a finding.
template <class Fn>
int accepts_or_refuses(const Fn& fn) {
  try {
    fn();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::model || std::string(error.what()).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}

}  // namespace lowbit::fuzz
