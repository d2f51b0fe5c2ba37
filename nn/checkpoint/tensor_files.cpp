#include "nn/checkpoint/tensor_files.h"

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Shards by file: the tensors that the index says each holds.
std::map<std::string, std::vector<std::string>> read_index(const std::string& path) {
  const MappedFile file(path, ErrorKind::model);
  const Json index = Json::parse(file.text(), nullptr, false);
  LB_REQUIRE(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object() &&
                 !index["weight_map"].empty(),
             ErrorKind::model, "import", "{}: no JSON object with a 'weight_map' of tensors to files", path);
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    LB_REQUIRE(!name.empty() && name.find('/') == std::string::npos && name.find('\\') == std::string::npos &&
                   name.find('\0') == std::string::npos && name != "." && name != "..",
               ErrorKind::model, "import", "{}: tensor {} is said to be in {}, which names no file of this folder",
               path, Json(tensor).dump(), shard.dump());
    shards[name].push_back(tensor);
  }
  return shards;
}

/// Bytes of the file, at no particular alignment, as floats.
template <class T>
void convert(const std::byte* bytes, int64_t count, float* out) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    if constexpr (std::is_same_v<T, double>)
      out[i] = static_cast<float>(value);
    else
      out[i] = to_float(value);
  }
}

}  // namespace

TensorFiles::TensorFiles(const std::string& folder) {
  const std::string single = (fs::path(folder) / kSingle).string(), index = (fs::path(folder) / kIndex).string();
  if (!fs::exists(single) && fs::exists(index)) {
    origin_ = index;
    add_shards(folder);
    return;
  }
  origin_ = single;
  files_.push_back(std::make_unique<SafetensorsFile>(single));
  for (const auto& [name, entry] : files_.back()->entries()) entries_[name] = {files_.back().get(), &entry};
}

void TensorFiles::add_shards(const std::string& folder) {
  for (const auto& [shard, tensors] : read_index(origin_)) {
    files_.push_back(std::make_unique<SafetensorsFile>((fs::path(folder) / shard).string()));
    const SafetensorsFile& file = *files_.back();
    for (const std::string& name : tensors) {
      const auto found = file.entries().find(name);
      LB_REQUIRE(found != file.entries().end(), ErrorKind::model, "import", "{}: no tensor {}, which {} puts there",
                 file.path(), Json(name).dump(), kIndex);
      entries_[name] = {&file, &found->second};
    }
    for (const auto& [name, entry] : file.entries())
      LB_REQUIRE(entries_.count(name) && entries_[name].file == &file, ErrorKind::model, "import",
                 "{}: holds a tensor {} that {} does not list for it", file.path(), Json(name).dump(), kIndex);
  }
}

void read_rows_as_f32(const SafetensorsFile::Entry& entry, int64_t first, int64_t count, float* out) {
  const int64_t rows = entry.shape.rank() > 0 ? entry.shape[0] : 1;
  const int64_t row = rows > 0 ? entry.shape.numel() / rows : 0;
  LB_CHECK(first >= 0 && count >= 0 && first + count <= rows, "import", "rows [{}, {}) of {}", first, first + count,
           entry.shape.str());
  const std::byte* bytes = entry.bytes.data() + static_cast<size_t>(first * row) * size_of(entry.dtype);
  const int64_t elements = count * row;
  if (elements == 0) return;
  switch (entry.dtype) {
    case DType::f32:
      std::memcpy(out, bytes, static_cast<size_t>(elements) * sizeof(float));
      return;
    case DType::f16:
      return convert<f16>(bytes, elements, out);
    case DType::bf16:
      return convert<bf16>(bytes, elements, out);
    case DType::f64:
      return convert<double>(bytes, elements, out);
    default:
      fail(ErrorKind::internal, "import", "{} is no floating type", to_string(entry.dtype));
  }
}

}  // namespace lowbit
