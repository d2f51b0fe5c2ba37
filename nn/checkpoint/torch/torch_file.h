#pragma once

#include <string>

#include "nn/checkpoint/tensor_file.h"
#include "nn/checkpoint/torch/torch_container.h"

namespace lowbit {

/// A state dict that torch.save wrote: a mapping of names to tensors and nothing else. Tensors may share a storage,
/// begin anywhere in it and have strides. It is the whole file, or in the checkpoint of a trainer the value of one key.
///
/// Errors (model), naming the file and the tensor: those of TorchContainer, a value that is no tensor, a name twice,
/// sizes or strides that are negative, overflow or reach beyond the storage, a rank above Shape::kMaxRank.
class TorchFile : public TensorFile {
 public:
  /// `key`: of the state dict; empty: it is the whole file.
  explicit TorchFile(const std::string& path, std::string_view key = {});
  /// All that was saved.
  const PickleValue& root() const { return container_.root(); }
  void release(const StoredTensor& entry) const override { container_.file().release(entry.bytes); }

 private:
  TorchContainer container_;
};

}  // namespace lowbit
