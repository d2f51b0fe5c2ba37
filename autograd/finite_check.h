#pragma once

#include "autograd/site.h"
#include "core/tensor.h"

namespace lowbit {

/// While one of these lives, every result recorded and every gradient passed on this thread is scanned, and the first
/// non-finite value throws Error (diverged) naming its site. Slow: meant for the second run of a step that failed.
class FiniteCheck {
 public:
  FiniteCheck();
  ~FiniteCheck();
  FiniteCheck(const FiniteCheck&) = delete;
  FiniteCheck& operator=(const FiniteCheck&) = delete;

  static bool active();
  /// `role` says what the tensor is: "result", "gradient of input 0".
  static void examine(const Tensor& tensor, const Site& site, std::string_view role);

 private:
  bool outer_;
};

}  // namespace lowbit
