#pragma once

#include <functional>

#include "autograd/site.h"
#include "core/tensor.h"

namespace lowbit {

/// While one lives, its function is shown every result that is recorded on this thread, with its site: what a trace
/// writes down. Scopes nest; the innermost sees.
class ResultProbe {
 public:
  using Function = std::function<void(const Site& site, const Tensor& value)>;

  explicit ResultProbe(Function function);
  ~ResultProbe();
  ResultProbe(const ResultProbe&) = delete;
  ResultProbe& operator=(const ResultProbe&) = delete;

  /// For record(): shows a result to the innermost probe of this thread, if there is one.
  static void show(const Site& site, const Tensor& value);

 private:
  Function function_;
  ResultProbe* outer_;
};

}  // namespace lowbit
