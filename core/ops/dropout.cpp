#include "core/ops/dropout.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/kernels/dropout.h"

namespace lowbit::ops {

namespace {

Tensor run(const Tensor& x, const void* residual, double p, uint64_t key) {
  LB_CHECK(p >= 0 && p < 1, "dropout", "the probability must be in [0, 1), got {}", p);
  LB_CHECK(is_floating(x.dtype()), "dropout", "needs a floating type, got {}", to_string(x.dtype()));
  const double threshold = std::min(std::round(p * 65536), 65535.0);
  if (threshold == 0 && !residual) return x;
  Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  dropout_kernels(x.device(), x.dtype())
      .apply(current_stream(x.device()), {x.raw(), residual, y.mutable_raw(), x.numel(), key,
                                          static_cast<uint32_t>(threshold), 65536 / (65536 - threshold), x.dtype()});
  return y;
}

}  // namespace

Tensor dropout(const Tensor& x, double p, uint64_t key) { return run(x, nullptr, p, key); }

Tensor dropout_add(const Tensor& residual, const Tensor& x, double p, uint64_t key) {
  LB_CHECK(residual.shape() == x.shape() && residual.dtype() == x.dtype(), "dropout_add", "{} {} and {} {} must agree",
           to_string(residual.dtype()), residual.shape().str(), to_string(x.dtype()), x.shape().str());
  return run(x, residual.raw(), p, key);
}

}  // namespace lowbit::ops
