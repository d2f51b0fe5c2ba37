#include "core/files/atomic.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryMark = ".tmp-";

std::string reason(int code) { return std::generic_category().message(code); }

/// Unique among the processes of a machine and the threads of a process.
std::string temporary_name(const std::string& path) {
  static std::atomic<int> counter = 0;
  return fmt::format("{}{}{}-{}", path, kTemporaryMark, ::getpid(), counter++);
}

/// A rename is on the disk only when the folder that holds the name is.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  LB_REQUIRE(descriptor >= 0, ErrorKind::data, "write", "{}: {}", folder.string(), reason(errno));
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // Some file systems refuse fsync on a folder (EINVAL): they offer no stronger promise.
  LB_REQUIRE(code == 0 || code == EINVAL, ErrorKind::data, "write", "{}: {}", folder.string(), reason(code));
}

void rename_or_fail(const std::string& from, const std::string& to) {
  LB_REQUIRE(::rename(from.c_str(), to.c_str()) == 0, ErrorKind::data, "write", "{}: {}", to, reason(errno));
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(temporary_name(path_)) {
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  LB_REQUIRE(descriptor_ >= 0, ErrorKind::data, "write", "{}: {}", path_, reason(errno));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  sum_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    LB_REQUIRE(count > 0, ErrorKind::data, "write",
               "{}: {} after {} bytes; nothing was changed. Make room, or write elsewhere", path_,
               reason(count < 0 ? errno : ENOSPC), written_);
    bytes = bytes.subspan(static_cast<size_t>(count));
    written_ += count;
  }
}

uint64_t AtomicFile::commit() {
  LB_CHECK(descriptor_ >= 0, "write", "{} is committed already", path_);
  // Delayed allocation reports a full disk here, not in write().
  LB_REQUIRE(::fsync(descriptor_) == 0, ErrorKind::data, "write", "{}: {}; nothing was changed", path_, reason(errno));
  rename_or_fail(temporary_, path_);
  ::close(descriptor_);
  descriptor_ = -1;
  sync_folder(fs::path(path_).parent_path());
  return sum_.value();
}

uint64_t write_file_atomically(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  return file.commit();
}

AtomicFolder::AtomicFolder(const std::string& path) {
  fs::path normal = fs::absolute(path).lexically_normal();  // "out/", "." and "a/.." too have a name beside it
  if (!normal.has_filename()) normal = normal.parent_path();
  path_ = normal.string();
  temporary_ = temporary_name(path_);
  std::error_code code;
  fs::create_directories(temporary_, code);
  LB_REQUIRE(!code, ErrorKind::data, "write", "{}: {}", path_, code.message());
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  LB_CHECK(!temporary_.empty(), "write", "{} is committed already", path_);
  sync_folder(temporary_);
  const fs::path parent = fs::path(path_).parent_path();
  std::error_code code;
  if (!fs::exists(path_, code)) {
    rename_or_fail(temporary_, path_);
    temporary_.clear();
  } else if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) != 0) {
    // File systems that cannot exchange two names: the name is missing for a moment between two renames.
    const std::string old = temporary_name(path_);
    rename_or_fail(path_, old);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
      const int failure = errno;
      rename_or_fail(old, path_);
      fail(ErrorKind::data, "write", "{}: {}", path_, reason(failure));
    }
    temporary_ = old;
  }
  sync_folder(parent);
  if (temporary_.empty()) return;
  fs::remove_all(temporary_, code);  // what it replaced
  temporary_.clear();
}

void point_link(const std::string& link, const std::string& target) {
  const std::string temporary = temporary_name(link);
  LB_REQUIRE(::symlink(target.c_str(), temporary.c_str()) == 0, ErrorKind::data, "write", "{}: {}", link,
             reason(errno));
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary.c_str());
    fail(ErrorKind::data, "write", "{}: {}", link, reason(code));
  }
  sync_folder(fs::path(link).parent_path());
}

void remove_folder_atomically(const std::string& path) {
  const std::string temporary = temporary_name(path);
  if (::rename(path.c_str(), temporary.c_str()) != 0) {
    LB_REQUIRE(errno == ENOENT, ErrorKind::data, "remove", "{}: {}", path, reason(errno));
    return;
  }
  std::error_code ignored;  // what cannot be removed has a temporary's name by now
  fs::remove_all(temporary, ignored);
}

bool is_temporary_name(std::string_view name) { return name.find(kTemporaryMark) != std::string_view::npos; }

}  // namespace lowbit
