#include "nn/checkpoint/ct2/ct2_file.h"

#include <limits>

#include "core/files/atomic.h"
#include "core/files/byte_cursor.h"
#include "core/text.h"

namespace lowbit {
namespace {

constexpr uint32_t kVersion = 6;
constexpr size_t kSizes[] = {4, 1, 2, 4, 2, 2};

Ct2Type type_of(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::f32:
      return Ct2Type::f32;
    case DType::i8:
      return Ct2Type::i8;
    case DType::i32:
      return Ct2Type::i32;
    case DType::f16:
      return Ct2Type::f16;
    case DType::bf16:
      return Ct2Type::bf16;
    default:
      fail(ErrorKind::internal, "ctranslate2", "it has no variables of {}", to_string(tensor.dtype()));
  }
}

/// The same of a tensor and of an int16.
struct Contents {
  Ct2Type type;
  Shape shape;
  std::span<const std::byte> bytes;
};

Contents contents_of(const std::variant<Tensor, int16_t>& variable) {
  if (const int16_t* number = std::get_if<int16_t>(&variable))
    return {Ct2Type::i16, Shape(), std::as_bytes(std::span(number, 1))};
  const Tensor& tensor = std::get<Tensor>(variable);
  return {type_of(tensor), tensor.shape(), {static_cast<const std::byte*>(tensor.raw()), tensor.bytes()}};
}

void append_string(std::string& out, const std::string& text) {
  append_number(out, static_cast<uint16_t>(text.size() + 1));
  out += text;
  out += '\0';
}

std::string read_string(ByteCursor& in, const std::string& path) {
  const std::string_view text = in.text(in.number<uint16_t>());
  LB_REQUIRE(!text.empty() && text.back() == '\0', ErrorKind::model, "ctranslate2",
             "{}: a string at byte {} has no end", path, in.position());
  return std::string(text.substr(0, text.size() - 1));
}

Ct2File::Variable read_variable(ByteCursor& in, const std::string& name, const std::string& path) {
  const uint8_t rank = in.number<uint8_t>();
  LB_REQUIRE(rank <= Shape::kMaxRank, ErrorKind::model, "ctranslate2", "{}: {}: rank {}, at most {} is supported", path,
             quoted_name(name), rank, int{Shape::kMaxRank});
  std::vector<int64_t> extents(rank);
  uint64_t count = 1;
  bool overflow = false;
  for (int64_t& extent : extents) {
    extent = in.number<uint32_t>();
    overflow |= __builtin_mul_overflow(count, static_cast<uint64_t>(extent), &count);
  }
  const uint8_t type = in.number<uint8_t>();
  LB_REQUIRE(type < std::size(kSizes), ErrorKind::model, "ctranslate2", "{}: {}: type {} is not known", path,
             quoted_name(name), type);
  const uint32_t bytes = in.number<uint32_t>();
  LB_REQUIRE(!overflow && count == bytes / kSizes[type] && bytes % kSizes[type] == 0, ErrorKind::model, "ctranslate2",
             "{}: {}: {} bytes are not its shape's", path, quoted_name(name), bytes);
  return {static_cast<Ct2Type>(type), Shape(extents), in.take(bytes)};
}

}  // namespace

void save_ct2(const std::string& path, const Ct2Model& model) {
  AtomicFile file(path);
  std::string text;
  append_number(text, kVersion);
  append_string(text, model.spec);
  append_number(text, model.revision);
  append_number(text, static_cast<uint32_t>(model.variables.size()));
  for (const auto& [name, variable] : model.variables) {
    const Contents contents = contents_of(variable);
    LB_REQUIRE(contents.bytes.size() <= std::numeric_limits<uint32_t>::max(), ErrorKind::usage, "export",
               "{} has {} bytes, and CTranslate2 counts them in 32 bits", name, contents.bytes.size());
    append_string(text, name);
    append_number(text, static_cast<uint8_t>(contents.shape.rank()));
    for (int axis = 0; axis < contents.shape.rank(); ++axis)
      append_number(text, static_cast<uint32_t>(contents.shape[axis]));
    append_number(text, static_cast<uint8_t>(contents.type));
    append_number(text, static_cast<uint32_t>(contents.bytes.size()));
    file.write(text);
    file.write(contents.bytes);
    text.clear();
  }
  append_number(text, static_cast<uint32_t>(model.aliases.size()));
  for (const auto& [alias, name] : model.aliases) {
    append_string(text, alias);
    append_string(text, name);
  }
  file.write(text);
  file.commit();
}

Ct2File::Ct2File(const std::string& path) : file_(path, ErrorKind::model) {
  ByteCursor in(file_.bytes(), path);
  const uint32_t version = in.number<uint32_t>();
  LB_REQUIRE(version == kVersion, ErrorKind::model, "ctranslate2", "{}: version {}, only {} is read", path, version,
             kVersion);
  spec = read_string(in, path);
  revision = in.number<uint32_t>();
  for (uint32_t left = in.number<uint32_t>(); left > 0; --left) {
    const std::string name = read_string(in, path);
    LB_REQUIRE(variables.emplace(name, read_variable(in, name, path)).second, ErrorKind::model, "ctranslate2",
               "{}: {} stands there twice", path, quoted_name(name));
  }
  for (uint32_t left = in.number<uint32_t>(); left > 0; --left) {
    const std::string alias = read_string(in, path), name = read_string(in, path);
    LB_REQUIRE(variables.count(name) && !variables.count(alias) && aliases.emplace(alias, name).second,
               ErrorKind::model, "ctranslate2", "{}: {} cannot be a further name of {}", path, quoted_name(alias),
               quoted_name(name));
  }
  LB_REQUIRE(in.rest() == 0, ErrorKind::model, "ctranslate2", "{}: {} bytes are left over", path, in.rest());
}

void verify_written(const Ct2Model& written, const Ct2File& read) {
  const auto require = [](bool same, const std::string& what) {
    LB_REQUIRE(same, ErrorKind::self_check, "export",
               "{} reads back differently from what was written; nothing was exported", what);
  };
  require(read.spec == written.spec && read.revision == written.revision, "the header of model.bin");
  require(read.aliases == written.aliases, "the list of aliases");
  require(read.variables.size() == written.variables.size(), "the list of variables");
  for (const auto& [name, variable] : written.variables) {
    const Contents contents = contents_of(variable);
    const auto found = read.variables.find(name);
    require(found != read.variables.end() && found->second.type == contents.type &&
                found->second.shape == contents.shape && found->second.bytes.size() == contents.bytes.size() &&
                std::memcmp(found->second.bytes.data(), contents.bytes.data(), contents.bytes.size()) == 0,
            name);
  }
}

}  // namespace lowbit
