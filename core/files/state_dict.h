#pragma once

#include <map>
#include <string>

#include "core/tensor.h"

namespace lowbit {

/// Named tensors and named strings: what a module, an optimizer or an average leaves on disk and takes back.
/// Ordered by name, so that equal contents make equal files.
struct StateDict {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

}  // namespace lowbit
