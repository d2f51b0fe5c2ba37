#include "nn/checkpoint/tensor_files.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/foreign_json.h"
#include "core/files/safetensors.h"
#include "core/text.h"
#include "nn/checkpoint/torch/torch_file.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Shards by file: the tensors that the index says each holds.
std::map<std::string, std::vector<std::string>> read_index(const std::string& path) {
  const MappedFile file(path, ErrorKind::model);
  const Json index = parse_foreign_json(file.text());
  LB_REQUIRE(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object() &&
                 !index["weight_map"].empty(),
             ErrorKind::model, "import", "{}: no JSON object with a 'weight_map' of tensors to files", path);
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    LB_REQUIRE(!name.empty() && name.find('/') == std::string::npos && name.find('\\') == std::string::npos &&
                   name.find('\0') == std::string::npos && name != "." && name != "..",
               ErrorKind::model, "import", "{}: tensor {} is said to be in {}, which names no file of this folder",
               path, quoted_name(tensor), shard.dump());
    shards[name].push_back(tensor);
  }
  return shards;
}

/// A safetensors file behind the common face.
class SafetensorsTensors : public TensorFile {
 public:
  explicit SafetensorsTensors(const std::string& path) : TensorFile(path), file_(path) {
    for (const auto& [name, entry] : file_.entries()) entries_[name] = {entry.dtype, entry.shape, entry.bytes};
  }
  void release(const StoredTensor& entry) const override { file_.release(entry.bytes); }

 private:
  SafetensorsFile file_;
};

template <class File>
std::unique_ptr<TensorFile> open_as(const std::string& path) {
  return std::make_unique<File>(path);
}

/// What save_pretrained calls its files, in the order in which from_pretrained looks for them.
struct Format {
  const char* single;
  const char* index;
  std::unique_ptr<TensorFile> (*open)(const std::string& path);
};
constexpr Format kFormats[] = {
    {TensorFiles::kSingle, "model.safetensors.index.json", open_as<SafetensorsTensors>},
    {"pytorch_model.bin", "pytorch_model.bin.index.json", open_as<TorchFile>},
};

}  // namespace

bool TensorFiles::in(const std::string& folder) {
  for (const Format& format : kFormats)
    for (const char* name : {format.single, format.index})
      if (fs::exists(fs::path(folder) / name)) return true;
  return false;
}

TensorFiles::TensorFiles(const std::string& folder) {
  for (const Format& format : kFormats) {
    origin_ = (fs::path(folder) / format.single).string();
    if (fs::exists(origin_)) {
      add_whole(format.open(origin_));
      return;
    }
    origin_ = (fs::path(folder) / format.index).string();
    if (fs::exists(origin_)) {
      add_shards(folder, format.open);
      return;
    }
  }
  fail(ErrorKind::model, "import", "{}: neither {} nor {} in it", folder, kFormats[0].single, kFormats[1].single);
}

TensorFiles::TensorFiles(std::unique_ptr<TensorFile> file) : origin_(file->path()) { add_whole(std::move(file)); }

void TensorFiles::add_whole(std::unique_ptr<TensorFile> file) {
  for (const auto& [name, entry] : file->entries()) entries_[name] = {file.get(), &entry};
  files_.push_back(std::move(file));
}

std::vector<std::string> TensorFiles::paths() const {
  std::vector<std::string> paths;
  for (const auto& file : files_) paths.push_back(file->path());
  if (paths.front() != origin_) paths.insert(paths.begin(), origin_);
  return paths;
}

void TensorFiles::add_shards(const std::string& folder, Open open) {
  const std::string index = fs::path(origin_).filename().string();
  for (const auto& [shard, tensors] : read_index(origin_)) {
    files_.push_back(open((fs::path(folder) / shard).string()));
    const TensorFile& file = *files_.back();
    for (const std::string& name : tensors) {
      const auto found = file.entries().find(name);
      LB_REQUIRE(found != file.entries().end(), ErrorKind::model, "import", "{}: no tensor {}, which {} puts there",
                 file.path(), quoted_name(name), index);
      entries_[name] = {&file, &found->second};
    }
    for (const auto& [name, entry] : file.entries())
      LB_REQUIRE(entries_.count(name) && entries_[name].file == &file, ErrorKind::model, "import",
                 "{}: holds a tensor {} that {} does not list for it", file.path(), quoted_name(name), index);
  }
}

}  // namespace lowbit
