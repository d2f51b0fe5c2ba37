#include "core/files/gguf.h"

#include <algorithm>

#include "core/files/atomic.h"
#include "core/files/byte_cursor.h"
#include "core/text.h"

namespace lowbit {
namespace {

using formats::block_of;
using formats::GgmlType;

constexpr std::string_view kMagic = "GGUF";
constexpr uint32_t kVersion = 3;
constexpr uint64_t kAlignment = 32;
constexpr size_t kLongestName = 63;

/// Types of metadata, by the numbers that files have.
enum ValueType : uint32_t { u32 = 4, i32 = 5, f32 = 6, boolean = 7, string = 8, array = 9 };

uint64_t padded(uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

void append_string(std::string& out, const std::string& text) {
  append_number(out, static_cast<uint64_t>(text.size()));
  out += text;
}

/// A value's type, then the value.
struct ValueWriter {
  std::string& out;

  void operator()(uint32_t value) const { scalar(u32, value); }
  void operator()(int32_t value) const { scalar(i32, value); }
  void operator()(float value) const { scalar(f32, value); }
  void operator()(bool value) const { scalar(boolean, static_cast<uint8_t>(value)); }
  void operator()(const std::string& value) const {
    append_number(out, uint32_t{string});
    append_string(out, value);
  }
  void operator()(const std::vector<int32_t>& values) const { list(i32, values); }
  void operator()(const std::vector<float>& values) const { list(f32, values); }
  void operator()(const std::vector<std::string>& values) const { list(string, values); }

 private:
  template <class T>
  void scalar(ValueType type, T value) const {
    append_number(out, uint32_t{type});
    append_number(out, value);
  }
  template <class T>
  void list(ValueType type, const std::vector<T>& values) const {
    append_number(out, uint32_t{array});
    append_number(out, uint32_t{type});
    append_number(out, static_cast<uint64_t>(values.size()));
    for (const T& value : values) {
      if constexpr (std::is_same_v<T, std::string>)
        append_string(out, value);
      else
        append_number(out, value);
    }
  }
};

/// Bytes of a tensor; 0 for a row that is no whole number of blocks.
uint64_t byte_count(GgmlType type, const Shape& shape) {
  const auto [values, bytes] = block_of(type);
  return shape.last() % values ? 0 : static_cast<uint64_t>(shape.numel() / values * bytes);
}

class GgufReader {
 public:
  GgufReader(GgufFile& file, std::span<const std::byte> bytes, const std::string& path)
      : file_(file), bytes_(bytes), in_(bytes, path), path_(path) {}

  void read() {
    if (bytes_.size() < kMagic.size() || in_.text(kMagic.size()) != kMagic) refuse("is no GGUF file");
    if (const auto version = in_.number<uint32_t>(); version != kVersion)
      refuse(fmt::format("version {}, only {} is read", version, kVersion));
    const uint64_t tensors = in_.number<uint64_t>(), keys = in_.number<uint64_t>();
    for (uint64_t i = 0; i < keys; ++i) {
      const std::string key = read_string();
      if (!file_.metadata.emplace(key, read_value(in_.number<uint32_t>())).second) refuse(key + " stands there twice");
    }
    if (const auto found = file_.metadata.find("general.alignment");
        found != file_.metadata.end() && found->second != GgufValue(uint32_t{kAlignment}))
      refuse(fmt::format("only an alignment of {} is read", kAlignment));
    std::vector<uint64_t> offsets;
    for (uint64_t i = 0; i < tensors; ++i) offsets.push_back(read_record());
    find_data(offsets);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { fail(ErrorKind::model, "gguf", "{}: {}", path_, what); }

  std::string read_string() { return std::string(in_.text(in_.number<uint64_t>())); }

  GgufValue read_value(uint32_t type) {
    switch (type) {
      case u32:
        return in_.number<uint32_t>();
      case i32:
        return in_.number<int32_t>();
      case f32:
        return in_.number<float>();
      case boolean:
        return in_.number<uint8_t>() != 0;
      case string:
        return read_string();
      case array:
        break;
      default:
        refuse(fmt::format("metadata of type {} are not read", type));
    }
    const uint32_t of = in_.number<uint32_t>();
    const uint64_t count = in_.number<uint64_t>();
    if (count > in_.rest()) refuse("a list is longer than the file");
    if (of == i32) return read_list<int32_t>(count, [&] { return in_.number<int32_t>(); });
    if (of == f32) return read_list<float>(count, [&] { return in_.number<float>(); });
    if (of == string) return read_list<std::string>(count, [&] { return read_string(); });
    refuse(fmt::format("lists of type {} are not read", of));
  }

  template <class T, class Read>
  std::vector<T> read_list(uint64_t count, const Read& read) {
    std::vector<T> values;
    for (uint64_t i = 0; i < count; ++i) values.push_back(read());
    return values;
  }

  uint64_t read_record() {
    const std::string name = read_string();
    const uint32_t rank = in_.number<uint32_t>();
    if (rank < 1 || rank > 4) refuse(fmt::format("{} has {} axes", quoted_name(name), rank));
    std::vector<int64_t> extents(rank);
    uint64_t count = 4;  // bytes, of the largest type
    for (int64_t& extent : extents) {
      const uint64_t given = in_.number<uint64_t>();
      if (given > INT64_MAX || __builtin_mul_overflow(count, given, &count) || count > INT64_MAX)
        refuse(quoted_name(name) + " has a shape that overflows");
      extent = static_cast<int64_t>(given);
    }
    std::reverse(extents.begin(), extents.end());
    const auto type = static_cast<GgmlType>(in_.number<uint32_t>());
    const Shape shape(extents);
    if (shape.last() % block_of(type).values) refuse(quoted_name(name) + " has rows that are no whole blocks");
    if (!file_.tensors.emplace(name, GgufFile::Entry{type, shape, {}}).second)
      refuse(quoted_name(name) + " stands there twice");
    order_.push_back(name);
    return in_.number<uint64_t>();
  }

  /// Tensors follow each other, each padded.
  void find_data(const std::vector<uint64_t>& offsets) {
    const uint64_t begin = padded(in_.position());
    uint64_t end = 0;
    for (size_t i = 0; i < offsets.size(); ++i) {
      GgufFile::Entry& entry = file_.tensors.at(order_[i]);
      const uint64_t bytes = byte_count(entry.type, entry.shape);
      if (offsets[i] != end || begin > bytes_.size() || bytes > bytes_.size() - begin ||
          end > bytes_.size() - begin - bytes)
        refuse(quoted_name(order_[i]) + " is not where the tensor before it ends, or cut off");
      entry.bytes = bytes_.subspan(begin + end, bytes);
      end = padded(end + bytes);
    }
    if (begin + end != bytes_.size()) refuse("its length is not that of its tensors");
  }

  GgufFile& file_;
  std::span<const std::byte> bytes_;
  ByteCursor in_;
  std::string path_;
  std::vector<std::string> order_;
};

}  // namespace

void save_gguf(const std::string& path, const GgufModel& model) {
  std::string head(kMagic);
  append_number(head, kVersion);
  append_number(head, static_cast<uint64_t>(model.tensors.size()));
  append_number(head, static_cast<uint64_t>(model.metadata.size()));
  for (const auto& [key, value] : model.metadata) {
    append_string(head, key);
    std::visit(ValueWriter{head}, value);
  }
  uint64_t offset = 0;
  for (const GgufTensor& tensor : model.tensors) {
    LB_CHECK(tensor.name.size() <= kLongestName, "gguf", "{} is longer than {} bytes", tensor.name, kLongestName);
    LB_CHECK(tensor.data.bytes() == byte_count(tensor.type, tensor.shape), "gguf", "{}: {} bytes are no {} of {}",
             tensor.name, tensor.data.bytes(), to_string(tensor.type), tensor.shape.str());
    append_string(head, tensor.name);
    append_number(head, static_cast<uint32_t>(tensor.shape.rank()));
    for (int axis = tensor.shape.rank() - 1; axis >= 0; --axis)
      append_number(head, static_cast<uint64_t>(tensor.shape[axis]));
    append_number(head, static_cast<uint32_t>(tensor.type));
    append_number(head, offset);
    offset = padded(offset + tensor.data.bytes());
  }
  head.resize(padded(head.size()), '\0');
  AtomicFile file(path);
  file.write(head);
  for (const GgufTensor& tensor : model.tensors) {
    file.write({static_cast<const std::byte*>(tensor.data.raw()), tensor.data.bytes()});
    file.write(std::string(padded(tensor.data.bytes()) - tensor.data.bytes(), '\0'));
  }
  file.commit();
}

GgufFile::GgufFile(const std::string& path) : file_(path, ErrorKind::model) {
  GgufReader(*this, file_.bytes(), path).read();
}

}  // namespace lowbit
