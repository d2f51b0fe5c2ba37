#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace lowbit {

static_assert(std::endian::native == std::endian::little, "files are little-endian, and so is memory here");

/// Appends a number as it stands in a binary file, lowest byte first.
template <class T>
void append_number(std::string& out, T value) {
  static_assert(std::is_arithmetic_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// Reads a binary file from front to back. What goes beyond its end is an Error (model) that names the file.
class ByteCursor {
 public:
  ByteCursor(std::span<const std::byte> bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  template <class T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view text(uint64_t length) {
    const std::span<const std::byte> part = take(length);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  std::span<const std::byte> take(uint64_t count) {
    LB_REQUIRE(count <= rest(), ErrorKind::model, "read", "{}: {} bytes after byte {} where {} were expected: cut off",
               path_, rest(), position_, count);
    const std::span<const std::byte> part = bytes_.subspan(position_, count);
    position_ += count;
    return part;
  }
  size_t position() const { return position_; }
  size_t rest() const { return bytes_.size() - position_; }

 private:
  std::span<const std::byte> bytes_;
  std::string path_;
  size_t position_ = 0;
};

}  // namespace lowbit
