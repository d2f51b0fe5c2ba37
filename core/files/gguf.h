#pragma once

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/files/mapped_file.h"
#include "core/quant/ggml_blocks.h"
#include "core/tensor.h"

namespace lowbit {

/// A value of a GGUF file's metadata, in the types that are written here.
using GgufValue = std::variant<uint32_t, int32_t, float, bool, std::string, std::vector<int32_t>, std::vector<float>,
                               std::vector<std::string>>;

struct GgufTensor {
  std::string name;
  formats::GgmlType type = formats::GgmlType::f32;
  Shape shape;  ///< [rows, columns] or [n]; rows are whole blocks
  Tensor data;  ///< the bytes of the file, whatever its own type and shape
};

struct GgufModel {
  std::vector<std::pair<std::string, GgufValue>> metadata;
  std::vector<GgufTensor> tensors;
};

/// Writes a GGUF file of version 3, aligned to 32 bytes, whole or not at all. Errors (internal): a name twice or longer
/// than 63 bytes, data of another size; (data): cannot be written.
///   "GGUF" | u32 3 | u64 tensors | u64 keys | keys | tensor records | padding | data, each tensor padded to 32
///   key     string | u32 type | value          string  u64 bytes | text          array  u32 type | u64 n | values
///   record  string | u32 axes | u64 extents, the last axis first | u32 type | u64 offset in the data
void save_gguf(const std::string& path, const GgufModel& model);

/// Such a file, mapped. Errors (model): another version or alignment, types that are not written here, cut off, a name
/// twice, ranges outside the data, bytes that belong to nothing.
class GgufFile {
 public:
  struct Entry {
    formats::GgmlType type;
    Shape shape;
    std::span<const std::byte> bytes;
  };

  explicit GgufFile(const std::string& path);

  std::map<std::string, GgufValue> metadata;
  std::map<std::string, Entry> tensors;

 private:
  MappedFile file_;
};

}  // namespace lowbit
