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

/// The tensor `name`, or ErrorKind::model saying what is wrong with it: absent, another shape, another dtype.
const Tensor& take_tensor(const StateDict& state, const std::string& name, const Shape& shape, DType dtype);

/// ErrorKind::model unless there are `expected` tensors. After each of that many distinct names was taken: there are no
/// others.
void check_tensor_count(const StateDict& state, size_t expected);

/// What was exported and what a reader makes of the files: ErrorKind::self_check, naming the first tensor that differs
/// in shape, dtype or a bit, or is on one side only.
void check_read_back(const StateDict& written, const StateDict& read);

}  // namespace lowbit
