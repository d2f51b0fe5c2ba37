#include "nn/checkpoint/torch/zip_file.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

constexpr uint64_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint64_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56, kLocator64Bytes = 20;
constexpr size_t kMaxComment = 65535;
constexpr uint64_t kIn64 = 0xffffffff;  // the value is in the 64-bit extra field

/// Reads the central directory of one file; every failure names the file.
class DirectoryReader {
 public:
  DirectoryReader(const std::string& path, std::span<const std::byte> file) : path_(path), file_(file) {}

  ZipEntries entries;

  void read() {
    find_directory();
    uint64_t at = directory_;
    for (uint64_t i = 0; i < count_; ++i) at = read_entry(at);
    if (at != directory_end_) refuse("{} bytes of its directory belong to no entry", directory_end_ - at);
    check_overlaps();
  }

 private:
  struct Range {
    uint64_t begin, end;
    std::string name;
  };

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::model, "import", "{}: {}", path_, fmt::format(format, std::forward<Args>(args)...));
  }

  /// `width` bytes, little endian, that must end before `end`.
  uint64_t number(uint64_t at, size_t width, uint64_t end) const {
    if (at > end || end - at < width) refuse("a record of the zip archive is cut off");
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) value |= std::to_integer<uint64_t>(file_[at + i]) << (8 * i);
    return value;
  }
  uint64_t number(uint64_t at, size_t width) const { return number(at, width, file_.size()); }
  std::string_view text(uint64_t at, uint64_t length) const {
    if (at > file_.size() || file_.size() - at < length) refuse("a name of the zip archive is cut off");
    return {reinterpret_cast<const char*>(file_.data()) + at, length};
  }

  /// The end record is last, but for a comment of the length that it says.
  uint64_t find_end() const {
    if (file_.size() < kEndBytes) refuse("{} bytes are too few for a zip archive; the file is cut off", file_.size());
    const uint64_t last = file_.size() - kEndBytes;
    for (uint64_t back = 0; back <= std::min<uint64_t>(last, kMaxComment); ++back)
      if (number(last - back, 4) == kEnd && number(last - back + 20, 2) == back) return last - back;
    refuse("no directory of a zip archive at its end; the file is cut off");
  }

  void find_directory() {
    const uint64_t end = find_end();
    uint64_t disks = number(end + 4, 4), here = number(end + 8, 2), bytes = number(end + 12, 4), limit = end;
    count_ = number(end + 10, 2);
    directory_ = number(end + 16, 4);
    if (end >= kLocator64Bytes && number(end - kLocator64Bytes, 4) == kLocator64) {
      limit = number(end - kLocator64Bytes + 8, 8);
      if (limit > end || end - limit < kEnd64Bytes + kLocator64Bytes || number(limit, 4) != kEnd64)
        refuse("the 64-bit end of the zip archive is not where it is said to be");
      disks = number(limit + 16, 8);
      here = number(limit + 24, 8);
      count_ = number(limit + 32, 8);
      bytes = number(limit + 40, 8);
      directory_ = number(limit + 48, 8);
    }
    if (disks != 0 || here != count_) refuse("a zip archive in several parts");
    if (directory_ > limit || bytes != limit - directory_)
      refuse("the directory of the zip archive is said to be {} bytes from {} of {}", bytes, directory_, limit);
    directory_end_ = limit;
  }

  /// Returns where the next one begins.
  uint64_t read_entry(uint64_t at) {
    if (number(at, 4, directory_end_) != kCentral) refuse("byte {}: no entry of the zip archive's directory", at);
    const uint64_t flags = number(at + 8, 2, directory_end_), method = number(at + 10, 2, directory_end_);
    const uint64_t name_length = number(at + 28, 2, directory_end_), extra = number(at + 30, 2, directory_end_);
    const uint64_t next = at + kCentralBytes + name_length + extra + number(at + 32, 2, directory_end_);
    if (next > directory_end_) refuse("byte {}: an entry of the zip archive's directory is cut off", at);
    const std::string name(text(at + kCentralBytes, name_length));
    if (flags & 1) refuse("entry {} is encrypted", quoted_name(name));
    if (method != 0) refuse("entry {} is compressed, which torch.save never does", quoted_name(name));
    uint64_t packed = number(at + 20, 4), size = number(at + 24, 4), local = number(at + 42, 4);
    take_64(name, at + kCentralBytes + name_length, extra, {&size, &packed, &local});
    if (packed != size) refuse("entry {} has {} bytes stored as {}", quoted_name(name), size, packed);
    add(name, local, size, static_cast<uint32_t>(number(at + 16, 4)));
    return next;
  }

  /// Fields too large for 32 bits, in this order, in the extra field of kind 1.
  void take_64(const std::string& name, uint64_t at, uint64_t length, std::initializer_list<uint64_t*> fields) const {
    const uint64_t end = at + length;
    uint64_t from = end, to = end;
    while (end - at >= 4) {
      const uint64_t kind = number(at, 2), bytes = number(at + 2, 2);
      if (bytes > end - at - 4) break;
      if (kind == 1) from = at + 4, to = from + bytes;
      at += 4 + bytes;
    }
    for (uint64_t* field : fields) {
      if (*field != kIn64) continue;
      if (to - from < 8) refuse("entry {} has no 64-bit sizes where it says so", quoted_name(name));
      *field = number(from, 8);
      from += 8;
    }
  }

  /// Sizes in the local header may be zero; its name must be the same.
  void add(const std::string& name, uint64_t local, uint64_t size, uint32_t check_sum) {
    if (local > directory_ || number(local, 4, directory_) != kLocal)
      refuse("entry {} is not at byte {}, where it is said to be", quoted_name(name), local);
    const uint64_t name_length = number(local + 26, 2, directory_);
    const uint64_t data = local + kLocalBytes + name_length + number(local + 28, 2, directory_);
    if (data > directory_ || size > directory_ - data)
      refuse("entry {} is said to have {} bytes from {}, the directory begins at {}", quoted_name(name), size, data,
             directory_);
    if (text(local + kLocalBytes, name_length) != name) refuse("entry {} has another name there", quoted_name(name));
    if (!entries.emplace(name, ZipEntry{file_.subspan(data, size), check_sum}).second)
      refuse("entry {} stands there twice", quoted_name(name));
    ranges_.push_back({local, data + size, name});
  }

  void check_overlaps() {
    std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (size_t i = 1; i < ranges_.size(); ++i)
      if (ranges_[i].begin < ranges_[i - 1].end)
        refuse("entries {} and {} overlap", quoted_name(ranges_[i - 1].name), quoted_name(ranges_[i].name));
  }

  const std::string& path_;
  std::span<const std::byte> file_;
  uint64_t directory_ = 0, directory_end_ = 0, count_ = 0;
  std::vector<Range> ranges_;
};

}  // namespace

ZipEntries read_zip(const std::string& path, std::span<const std::byte> file) {
  DirectoryReader reader(path, file);
  reader.read();
  return std::move(reader.entries);
}

}  // namespace lowbit
