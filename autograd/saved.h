#pragma once

#include "core/error.h"
#include "core/tensor.h"

namespace lowbit {

/// A tensor kept for backward. get() refuses it if somebody wrote to it since, instead of giving wrong gradients.
class Saved {
 public:
  Saved() = default;
  Saved(Tensor tensor)
      : tensor_(std::move(tensor)), version_(tensor_.version()) {}  // NOLINT: captures convert on purpose

  bool defined() const { return tensor_.defined(); }
  const Tensor& get() const {
    LB_CHECK(tensor_.version() == version_, "tape",
             "a tensor {} saved for backward was changed in place afterwards (version {} became {})",
             tensor_.shape().str(), version_, tensor_.version());
    return tensor_;
  }
  /// get() for the last time: what nobody else holds may then be written to.
  Tensor take() {
    get();
    return std::move(tensor_);
  }

 private:
  Tensor tensor_;
  uint32_t version_ = 0;
};

}  // namespace lowbit
