#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "core/files/mapped_file.h"
#include "core/files/state_dict.h"

namespace lowbit {

/// A safetensors file, mapped: the header is read and checked once, tensors are copied out on demand.
///
///   u64 N (little endian) | N bytes of JSON: name -> {dtype, shape, data_offsets}, "__metadata__" | data
///
/// The opener refuses, naming the file and the tensor (an error of `kind`): a header longer than 100 MB or than the
/// file, JSON that is malformed or has a key twice, an unknown dtype, a rank above Shape::kMaxRank, a size that is not
/// shape x dtype, ranges that overlap or leave holes, data too short or too long, metadata that are not strings.
/// DTypes: F64 F32 F16 BF16 I64 I32 I8 U8.     Source: the format description of huggingface/safetensors
class SafetensorsFile {
 public:
  struct Entry {
    DType dtype;
    Shape shape;
    std::span<const std::byte> bytes;  ///< in the mapping; no alignment is promised
  };

  explicit SafetensorsFile(const std::string& path, ErrorKind kind = ErrorKind::model);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& path() const { return path_; }
  /// These bytes of an entry have been read and will not be again (MappedFile::release).
  void release(std::span<const std::byte> bytes) const { file_.release(bytes); }
  /// A copy. ErrorKind::model when the file has no such tensor.
  Tensor load(const std::string& name) const;

 private:
  std::string path_;
  MappedFile file_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

StateDict load_safetensors(const std::string& path, ErrorKind kind = ErrorKind::model);

/// Atomic (core/files/atomic.h). Layout of the reference writer: larger elements first, then by name, header padded so
/// that every tensor is aligned to its element. Returns the checksum of the file.
uint64_t save_safetensors(const std::string& path, const StateDict& state);

}  // namespace lowbit
