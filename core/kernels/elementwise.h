#pragma once

#include <cstdint>
#include <span>

#include "core/dtype.h"
#include "core/kernels/elementwise_ops.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

struct UnaryArgs {
  Unary op;
  const void* x;
  void* y;
  int64_t n;
  DType dtype;
};
struct UnaryGradArgs {
  Unary op;
  const void *x, *y, *dy;
  void* dx;
  int64_t n;
  DType dtype;
};
/// c = op(a, b); b has `period` elements and repeats over a (period = n: same shape).
struct BinaryArgs {
  Binary op;
  const void *a, *b;
  void* c;
  int64_t n, period;
  DType dtype;
};
/// y = alpha * x + beta * y. With beta = 0 the old y is not read.
struct AxpbyArgs {
  double alpha;
  const void* x;
  double beta;
  void* y;
  int64_t n;
  DType dtype;
};
/// y[i] = x[i] in another floating type.
struct CastArgs {
  const void* x;
  DType from;
  void* y;
  DType to;
  int64_t n;
};
/// y[i] = x[i] rounded up or down to bf16, up with the probability that makes its expectation x[i]; by 16 bits of
/// Philox under `key` for each element.
struct StochasticRoundArgs {
  const float* x;
  bf16* y;
  int64_t n;
  uint64_t key;
};
/// y[i] = value.
struct FillArgs {
  double value;
  void* y;
  int64_t n;
  DType dtype;
};
struct ElementwiseKernels {
  void (*unary)(Stream&, const UnaryArgs&) = nullptr;
  void (*unary_backward)(Stream&, const UnaryGradArgs&) = nullptr;
  void (*binary)(Stream&, const BinaryArgs&) = nullptr;
  void (*axpby)(Stream&, const AxpbyArgs&) = nullptr;
  void (*cast)(Stream&, const CastArgs&) = nullptr;
  void (*stochastic_round)(Stream&, const StochasticRoundArgs&) = nullptr;
  void (*fill)(Stream&, const FillArgs&) = nullptr;
};

std::span<const Impl<ElementwiseKernels>> elementwise_impls();
const ElementwiseKernels& elementwise_kernels(Device device, DType dtype);

}  // namespace lowbit
