#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nn/checkpoint/tensor_file.h"

namespace lowbit {

/// The tensors of a Hugging Face folder: model.safetensors, or the shards that model.safetensors.index.json names, or
/// where neither is there pytorch_model.bin, or the shards of pytorch_model.bin.index.json.
class TensorFiles {
 public:
  static constexpr const char* kSingle = "model.safetensors";

  /// Whether a folder has any of them.
  static bool in(const std::string& folder);

  /// Errors (model) naming the file: none is there, an index that is no index or names a file outside the folder, a
  /// shard without a tensor that the index says it holds or with one that the index does not know, a broken file.
  explicit TensorFiles(const std::string& folder);
  /// One file that holds everything.
  explicit TensorFiles(std::unique_ptr<TensorFile> file);

  struct Located {
    const TensorFile* file = nullptr;
    const StoredTensor* entry = nullptr;
  };
  const std::map<std::string, Located>& entries() const { return entries_; }
  /// The file with everything, or the index: what a message about the whole names.
  const std::string& origin() const { return origin_; }
  /// Everything that was opened: the file with everything, or the index and the shards.
  std::vector<std::string> paths() const;

 private:
  using Open = std::unique_ptr<TensorFile> (*)(const std::string& path);
  void add_whole(std::unique_ptr<TensorFile> file);
  void add_shards(const std::string& folder, Open open);

  std::string origin_;
  std::vector<std::unique_ptr<TensorFile>> files_;
  std::map<std::string, Located> entries_;
};

}  // namespace lowbit
