#include "core/files/state_dict.h"

#include <cstring>

#include "core/error.h"

namespace lowbit {

const Tensor& take_tensor(const StateDict& state, const std::string& name, const Shape& shape, DType dtype) {
  const auto found = state.tensors.find(name);
  LB_REQUIRE(found != state.tensors.end(), ErrorKind::model, "load", "the saved state has no tensor {}", name);
  const Tensor& tensor = found->second;
  LB_REQUIRE(tensor.shape() == shape && tensor.dtype() == dtype, ErrorKind::model, "load",
             "{} is {} {} in the saved state, {} {} is needed", name, to_string(tensor.dtype()), tensor.shape().str(),
             to_string(dtype), shape.str());
  return tensor;
}

void check_tensor_count(const StateDict& state, size_t expected) {
  LB_REQUIRE(state.tensors.size() == expected, ErrorKind::model, "load",
             "the saved state has {} tensors where {} are needed: it is of another model", state.tensors.size(),
             expected);
}

void check_read_back(const StateDict& written, const StateDict& read) {
  for (const auto& [name, tensor] : written.tensors) {
    const auto found = read.tensors.find(name);
    LB_REQUIRE(found != read.tensors.end() && found->second.dtype() == tensor.dtype() &&
                   found->second.shape() == tensor.shape() &&
                   std::memcmp(found->second.raw(), tensor.raw(), tensor.bytes()) == 0,
               ErrorKind::self_check, "export", "{} reads back differently from what was written; nothing was exported",
               name);
  }
  LB_REQUIRE(written.tensors.size() == read.tensors.size(), ErrorKind::self_check, "export",
             "{} tensors written, {} read back; nothing was exported", written.tensors.size(), read.tensors.size());
}

}  // namespace lowbit
