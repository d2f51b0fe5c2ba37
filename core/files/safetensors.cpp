#include "core/files/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/files/atomic.h"
#include "core/text.h"

namespace lowbit {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kAlignment = 8;
constexpr const char* kMetadataKey = "__metadata__";

struct NamedDType {
  DType dtype;
  std::string_view name;
};
/// In the order in which the reference writer lays tensors out.
constexpr NamedDType kDTypes[] = {{DType::i64, "I64"},   {DType::f64, "F64"}, {DType::f32, "F32"}, {DType::i32, "I32"},
                                  {DType::bf16, "BF16"}, {DType::f16, "F16"}, {DType::i8, "I8"},   {DType::u8, "U8"}};

const NamedDType* row_of(DType dtype) {
  return std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const auto& row) { return row.dtype == dtype; });
}

/// Reads the header of one file; every failure names the file.
class HeaderReader {
 public:
  HeaderReader(const std::string& path, std::span<const std::byte> file, ErrorKind kind)
      : path_(path), file_(file), kind_(kind) {}

  std::map<std::string, SafetensorsFile::Entry> entries;
  std::map<std::string, std::string> metadata;

  void read() {
    const json header = parse(header_text());
    check_length(header);
    for (const auto& [name, value] : header.items())
      if (name == kMetadataKey)
        read_metadata(value);
      else
        entries.emplace(name, read_entry(name, value));
    check_tiling();
  }

 private:
  const std::string& path_;
  std::span<const std::byte> file_;
  std::span<const std::byte> data_;
  ErrorKind kind_;

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(kind_, "safetensors", "{}: {}", path_, fmt::format(format, std::forward<Args>(args)...));
  }

  std::string_view header_text() {
    if (file_.size() < kLengthBytes) refuse("{} bytes are too few for a header; the file is cut off", file_.size());
    uint64_t length = 0;
    for (size_t i = 0; i < kLengthBytes; ++i) length |= std::to_integer<uint64_t>(file_[i]) << (8 * i);
    if (length > kMaxHeaderBytes)
      refuse("not a safetensors file: its first {} bytes would mean a header of {} bytes, at most {} are allowed",
             kLengthBytes, length, kMaxHeaderBytes);
    if (length > file_.size() - kLengthBytes)
      refuse("header of {} bytes in a file of {}; the file is cut off", length, file_.size());
    data_ = file_.subspan(kLengthBytes + length);
    const std::string_view text(reinterpret_cast<const char*>(file_.data()) + kLengthBytes, length);
    if (text.empty() || text[0] != '{') refuse("header does not begin with '{{'; not a safetensors file");
    return text;
  }

  json parse(std::string_view text) const {
    constexpr int kMaxDepth = 3;  // header, tensor, shape
    std::vector<std::set<std::string>> keys;
    const auto check = [&](int depth, json::parse_event_t event, const json& parsed) {
      const bool object = event == json::parse_event_t::object_start;
      if ((object || event == json::parse_event_t::array_start) && depth >= kMaxDepth) refuse("header nested too deep");
      if (object) keys.emplace_back();
      if (event == json::parse_event_t::object_end) keys.pop_back();
      if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
        refuse("key {} stands twice in the header", parsed.dump());
      return true;
    };
    try {
      return json::parse(text, check);
    } catch (const json::parse_error& error) {
      refuse("header is not JSON: byte {}", kLengthBytes + error.byte);
    } catch (const json::out_of_range&) {
      refuse("the header has a number that no double holds");
    }
  }

  /// Before any tensor is looked at, since one that lies beyond the end would only seem wrong by itself.
  void check_length(const json& header) const {
    uint64_t end = 0;
    for (const json& value : header) {
      const json range = value.is_object() ? value.value("data_offsets", json()) : json();
      if (range.is_array() && range.size() == 2 && range[1].is_number_unsigned())
        end = std::max(end, range[1].get<uint64_t>());
    }
    if (end > data_.size())
      refuse("the file is cut off: it has {} bytes of tensors, its header speaks of {}", data_.size(), end);
  }

  void read_metadata(const json& value) {
    if (!value.is_object()) refuse("{} must be a map of strings", kMetadataKey);
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) refuse("{} {} must be a string", kMetadataKey, quoted_name(key));
      metadata.emplace(key, text.get<std::string>());
    }
  }

  SafetensorsFile::Entry read_entry(const std::string& name, const json& value) const {
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
      refuse("tensor {} must have dtype, shape, data_offsets and nothing else", quoted_name(name));
    const DType dtype = read_dtype(name, value["dtype"]);
    const Shape shape = read_shape(name, value["shape"]);
    const std::vector<uint64_t> range = read_numbers(name, "data_offsets", value["data_offsets"]);
    if (range.size() != 2 || range[0] > range[1])
      refuse("tensor {}: data_offsets {} are not a range", quoted_name(name), value["data_offsets"].dump());
    const uint64_t expected = byte_count(name, shape, dtype);
    if (range[1] - range[0] != expected)
      refuse("tensor {}: {} {} needs {} bytes, its range has {}", quoted_name(name), row_of(dtype)->name, shape.str(),
             expected, range[1] - range[0]);
    return {dtype, shape, data_.subspan(range[0], range[1] - range[0])};
  }

  DType read_dtype(const std::string& name, const json& value) const {
    for (const auto& row : kDTypes)
      if (value == row.name) return row.dtype;
    refuse("tensor {}: dtype {} is not supported; F64 F32 F16 BF16 I64 I32 I8 U8 are", quoted_name(name), value.dump());
  }

  std::vector<uint64_t> read_numbers(const std::string& name, const char* field, const json& value) const {
    const auto is_count = [](const json& number) {
      return number.is_number_unsigned() && number.get<uint64_t>() <= uint64_t{INT64_MAX};
    };
    if (!value.is_array() || !std::all_of(value.begin(), value.end(), is_count))
      refuse("tensor {}: {} must be a list of integers from 0", quoted_name(name), field);
    return value.get<std::vector<uint64_t>>();
  }

  Shape read_shape(const std::string& name, const json& value) const {
    const std::vector<uint64_t> dims = read_numbers(name, "shape", value);
    if (dims.size() > size_t{Shape::kMaxRank})
      refuse("tensor {}: rank {}, at most {} is supported", quoted_name(name), dims.size(), int{Shape::kMaxRank});
    return Shape(std::span<const int64_t>(std::vector<int64_t>(dims.begin(), dims.end())));
  }

  uint64_t byte_count(const std::string& name, const Shape& shape, DType dtype) const {
    uint64_t count = size_of(dtype);
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (__builtin_mul_overflow(count, static_cast<uint64_t>(shape[axis]), &count))
        refuse("tensor {}: shape {} overflows", quoted_name(name), shape.str());
    return count;
  }

  /// The ranges, sorted, must tile the data: no overlap, no hole, nothing after the last.
  void check_tiling() const {
    std::vector<std::pair<const std::string*, std::span<const std::byte>>> ranges;
    for (const auto& [name, entry] : entries) ranges.emplace_back(&name, entry.bytes);
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
      return std::pair(a.second.data(), a.second.size()) < std::pair(b.second.data(), b.second.size());
    });
    const std::byte* end = data_.data();
    for (const auto& [name, bytes] : ranges) {
      if (bytes.data() < end) refuse("tensor {} overlaps the one before it", quoted_name(*name));
      if (bytes.data() > end)
        refuse("{} bytes before tensor {} belong to none", bytes.data() - end, quoted_name(*name));
      end = bytes.data() + bytes.size();
    }
    const auto rest = data_.data() + data_.size() - end;
    if (rest) refuse("{} bytes at the end belong to no tensor", rest);
  }
};

std::string dump(const nlohmann::ordered_json& header, const std::string& path) {
  try {
    return header.dump();
  } catch (const json::type_error&) {
    fail(ErrorKind::internal, "safetensors", "{}: a tensor name or metadata string is not UTF-8", path);
  }
}

/// Tensors in file order.
std::vector<std::pair<const std::string*, const Tensor*>> file_order(const StateDict& state) {
  std::vector<std::pair<const std::string*, const Tensor*>> order;
  for (const auto& [name, tensor] : state.tensors) {
    LB_CHECK(tensor.defined(), "safetensors", "tensor {} is undefined", quoted_name(name));
    LB_CHECK(name != kMetadataKey, "safetensors", "no tensor may be called {}", kMetadataKey);
    order.emplace_back(&name, &tensor);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return row_of(a.second->dtype()) < row_of(b.second->dtype()); });
  return order;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path, ErrorKind kind) : path_(path), file_(path, kind) {
  HeaderReader reader(path_, file_.bytes(), kind);
  reader.read();
  entries_ = std::move(reader.entries);
  metadata_ = std::move(reader.metadata);
}

Tensor SafetensorsFile::load(const std::string& name) const {
  const auto found = entries_.find(name);
  LB_REQUIRE(found != entries_.end(), ErrorKind::model, "safetensors", "{}: no tensor {}", path_, quoted_name(name));
  const Entry& entry = found->second;
  Tensor tensor = Tensor::empty(entry.shape, entry.dtype);
  if (!entry.bytes.empty()) std::memcpy(tensor.mutable_raw(), entry.bytes.data(), entry.bytes.size());
  return tensor;
}

StateDict load_safetensors(const std::string& path, ErrorKind kind) {
  const SafetensorsFile file(path, kind);
  StateDict state;
  state.metadata = file.metadata();
  for (const auto& [name, entry] : file.entries()) state.tensors.emplace(name, file.load(name));
  return state;
}

uint64_t save_safetensors(const std::string& path, const StateDict& state) {
  const auto order = file_order(state);
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!state.metadata.empty()) header[kMetadataKey] = state.metadata;
  size_t end = 0;
  for (const auto& [name, tensor] : order) {
    const size_t begin = end;
    end += tensor->bytes();
    auto& entry = header[*name];
    entry["dtype"] = row_of(tensor->dtype())->name;
    entry["shape"] = nlohmann::ordered_json::array();
    for (int axis = 0; axis < tensor->shape().rank(); ++axis) entry["shape"].push_back(tensor->shape()[axis]);
    entry["data_offsets"] = {begin, end};
  }
  std::string text = dump(header, path);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');

  AtomicFile file(path);
  std::string length(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i) length[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
  file.write(length);
  file.write(text);
  for (const auto& [name, tensor] : order) file.write({static_cast<const std::byte*>(tensor->raw()), tensor->bytes()});
  return file.commit();
}

}  // namespace lowbit
