#pragma once

#include <string>
#include <vector>

#include "nn/checkpoint/torch/torch_file.h"

namespace lowbit {

/// The model in a checkpoint that fairseq saved, under the names of its present releases: the projections of queries,
/// keys and values that older ones kept as one matrix (self_attn.in_proj_weight, in_proj_bias) are three.
/// Errors (model): those of TorchFile, and no mapping "model" in it.
class FairseqFile : public TorchFile {
 public:
  explicit FairseqFile(const std::string& path);
  /// Tensors that were split, by the name in the file.
  const std::vector<std::string>& split() const { return split_; }

 private:
  std::vector<std::string> split_;
};

}  // namespace lowbit
