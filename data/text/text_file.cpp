#include "data/text/text_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "data/text/utf8.h"

namespace lowbit {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// To the end, in pieces: a pipe does not tell its size.
std::string read_all(std::istream& stream, const std::filesystem::path& path) {
  constexpr size_t kPiece = 1 << 20;
  std::string bytes;
  for (size_t size = 0; stream; bytes.resize(size)) {
    bytes.resize(size + kPiece);
    stream.read(bytes.data() + size, static_cast<std::streamsize>(kPiece));
    size += static_cast<size_t>(stream.gcount());
  }
  LB_REQUIRE(!stream.bad(), ErrorKind::data, "text", "{}: cannot read: {}", path.string(), std::strerror(errno));
  return bytes;
}

std::string read_bytes(const std::filesystem::path& path) {
  LB_REQUIRE(!std::filesystem::is_directory(path), ErrorKind::data, "text", "{}: is a folder, not a text file",
             path.string());
  std::ifstream file(path, std::ios::binary);
  LB_REQUIRE(file, ErrorKind::data, "text", "{}: {}", path.string(), std::strerror(errno));
  return read_all(file, path);
}

}  // namespace

TextFile TextFile::read(const std::filesystem::path& path, Empty empty) { return cut(path, read_bytes(path), empty); }

TextFile TextFile::read(std::istream& stream, const std::string& name, Empty empty) {
  return cut(name, read_all(stream, name), empty);
}

TextFile TextFile::cut(const std::filesystem::path& path, std::string bytes, Empty empty) {
  TextFile file;
  file.path_ = path;
  file.bytes_ = std::move(bytes);
  const std::string_view text = file.bytes_;
  const size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  LB_REQUIRE(text.size() > begin || empty == Empty::allowed, ErrorKind::data, "text", "{}: is empty", path.string());
  if (const size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n') + 1;
    fail(ErrorKind::data, "text", "{}, line {}, byte {}: not UTF-8 (byte value 0x{:02X}); convert the file with iconv",
         path.string(), line, bad, static_cast<unsigned char>(text[bad]));
  }
  for (size_t at = begin; at < text.size();) {
    file.starts_.push_back(static_cast<int64_t>(at));
    const size_t newline = text.find('\n', at);
    at = newline == std::string_view::npos ? text.size() : newline + 1;
  }
  file.starts_.push_back(static_cast<int64_t>(text.size()));
  return file;
}

std::string_view TextFile::line(int64_t number) const {
  const auto begin = static_cast<size_t>(start(number));
  std::string_view text = std::string_view(bytes_).substr(begin, static_cast<size_t>(start(number + 1)) - begin);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string TextFile::where(int64_t number) const {
  return fmt::format("{}, line {}, byte {}", path_.string(), number, start(number));
}

}  // namespace lowbit
