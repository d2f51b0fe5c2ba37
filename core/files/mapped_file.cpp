#include "core/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace lowbit {

MappedFile::MappedFile(const std::string& path, ErrorKind kind) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  LB_REQUIRE(descriptor >= 0, kind, "read", "{}: {}", path, std::generic_category().message(errno));
  struct stat info {};
  const bool regular = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  int code = 0;
  if (regular && info.st_size > 0) {
    size_ = static_cast<size_t>(info.st_size);
    address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address_ == MAP_FAILED) code = errno, address_ = nullptr;
  }
  ::close(descriptor);
  LB_REQUIRE(regular, kind, "read", "{}: not a regular file", path);
  LB_REQUIRE(code == 0, kind, "read", "{}: {}", path, std::generic_category().message(code));
}

MappedFile::~MappedFile() {
  if (address_) ::munmap(address_, size_);
}

void MappedFile::release(std::span<const std::byte> part) const {
  static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<size_t>(part.data() - bytes().data());
  const size_t first = (begin + page - 1) / page * page, end = (begin + part.size()) / page * page;
  if (first < end) ::madvise(static_cast<std::byte*>(address_) + first, end - first, MADV_DONTNEED);  // only a hint
}

}  // namespace lowbit
