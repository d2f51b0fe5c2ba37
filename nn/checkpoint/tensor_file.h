#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/dtype.h"
#include "core/shape.h"

namespace lowbit {

/// A tensor where it stands in a mapped file.
struct StoredTensor {
  DType dtype = DType::f32;
  Shape shape;
  std::span<const std::byte> bytes;  ///< from its first element to its last; no alignment is promised
  /// In elements, an axis each; empty when the elements follow each other row by row.
  std::vector<int64_t> strides = {};
};

/// A file with named tensors, of whatever format. Mapped: a tensor is copied when it is asked for.
class TensorFile {
 public:
  virtual ~TensorFile() = default;
  const std::map<std::string, StoredTensor>& entries() const { return entries_; }
  const std::string& path() const { return path_; }
  /// The entry's bytes have been read and will not be soon (MappedFile::release).
  virtual void release(const StoredTensor& entry) const = 0;

 protected:
  explicit TensorFile(std::string path) : path_(std::move(path)) {}
  std::map<std::string, StoredTensor> entries_;

 private:
  std::string path_;
};

/// Writes rows [first, first + count) of the entry, of any floating type, as f32. Rows count along the leading axis.
void read_rows_as_f32(const StoredTensor& entry, int64_t first, int64_t count, float* out);

/// Whether both have the same type, shape and values, bit for bit.
bool same_bits(const StoredTensor& a, const StoredTensor& b);

}  // namespace lowbit
