#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/files/safetensors.h"

namespace lowbit {

/// The tensors of a Hugging Face folder, in model.safetensors or in the shards that model.safetensors.index.json names.
/// Mapped; a tensor is copied when it is asked for.
class TensorFiles {
 public:
  static constexpr const char* kSingle = "model.safetensors";
  static constexpr const char* kIndex = "model.safetensors.index.json";

  /// Errors (model) naming the file: neither is there, an index that is no index or names a file outside the folder, a
  /// shard without a tensor that the index says it holds or with one that the index does not know, a broken file.
  explicit TensorFiles(const std::string& folder);

  struct Located {
    const SafetensorsFile* file = nullptr;
    const SafetensorsFile::Entry* entry = nullptr;
  };
  const std::map<std::string, Located>& entries() const { return entries_; }
  /// The file with everything, or the index: what a message about the whole names.
  const std::string& origin() const { return origin_; }
  const std::map<std::string, std::string>& metadata() const { return files_.front()->metadata(); }

 private:
  void add_shards(const std::string& folder);

  std::string origin_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::map<std::string, Located> entries_;
};

/// Writes rows [first, first + count) of the entry, of any floating type, as f32. Rows count along the leading axis.
void read_rows_as_f32(const SafetensorsFile::Entry& entry, int64_t first, int64_t count, float* out);

}  // namespace lowbit
