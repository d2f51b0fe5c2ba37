#include "apps/lib/run/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/lib/log/log.h"
#include "core/error.h"

namespace lowbit {

FolderLock::FolderLock(const std::string& folder) {
  descriptor_ = ::open((folder + "/" + kFile).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  LB_REQUIRE(descriptor_ >= 0, ErrorKind::data, folder, "{} cannot be made: {}", kFile, std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int code = errno;
  if (code == EWOULDBLOCK) {
    ::close(descriptor_);
    fail(ErrorKind::usage, folder, "another lowbit is training in this folder: wait for it, or give another run.dir");
  }
  log_warning("{}: no lock can be had ({}): start no second training in it", folder, std::strerror(code));
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace lowbit
