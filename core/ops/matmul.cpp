#include "core/ops/matmul.h"

#include "core/error.h"
#include "core/kernels/gemm.h"
#include "core/operation_count.h"

namespace lowbit::ops {
namespace {

thread_local MatmulPrecision precision_here = MatmulPrecision::f32;

GemmArgs checked(const Tensor& a, const Tensor& b, const MatmulOptions& options) {
  LB_CHECK(a.shape().rank() >= 1 && b.shape().rank() >= 1 && is_floating(a.dtype()) && a.dtype() == b.dtype(), "matmul",
           "needs matrices of one floating type, got {} {} and {} {}", to_string(a.dtype()), a.shape().str(),
           to_string(b.dtype()), b.shape().str());
  GemmArgs g{};
  g.transpose_a = options.transpose_a, g.transpose_b = options.transpose_b;
  g.m = g.transpose_a ? a.shape().last() : a.shape().rows();
  g.k = g.transpose_a ? a.shape().rows() : a.shape().last();
  g.n = g.transpose_b ? b.shape().rows() : b.shape().last();
  const int64_t inner = g.transpose_b ? b.shape().last() : b.shape().rows();
  LB_CHECK(g.k == inner, "matmul", "inner extents {} and {} must agree: {}{} times {}{}", g.k, inner, a.shape().str(),
           g.transpose_a ? " transposed" : "", b.shape().str(), g.transpose_b ? " transposed" : "");
  g.a = a.raw(), g.b = b.raw(), g.operands = a.dtype(), g.dtype = options.result.value_or(a.dtype());
  LB_CHECK(g.dtype == g.operands || g.dtype == compute_type(g.operands), "matmul", "{} operands cannot give {}",
           to_string(g.operands), to_string(g.dtype));
  return g;
}

void run(Device device, const GemmArgs& g) {
  OperationCount& count = operation_count();
  (g.operands == DType::bf16 ? count.bf16 : count.f32) += 2.0 * static_cast<double>(g.m * g.n * g.k);
  gemm_kernels(device, g.operands).gemm(current_stream(device), g);
}

}  // namespace

MatmulPrecision matmul_precision() { return precision_here; }
MatmulPrecisionScope::MatmulPrecisionScope(MatmulPrecision precision) : outer_(precision_here) {
  precision_here = precision;
}
MatmulPrecisionScope::~MatmulPrecisionScope() { precision_here = outer_; }
DType operand_type(DType dtype) {
  return dtype == DType::f32 && precision_here != MatmulPrecision::f32 ? DType::bf16 : dtype;
}

Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options) {
  GemmArgs g = checked(a, b, options);
  if (options.bias.defined()) {
    LB_CHECK(options.bias.shape() == Shape{g.n} && options.bias.dtype() == compute_type(g.dtype), "matmul",
             "bias must be {} [{}], got {} {}", to_string(compute_type(g.dtype)), g.n, to_string(options.bias.dtype()),
             options.bias.shape().str());
    g.bias = options.bias.raw();
  }
  Tensor c = Tensor::empty(g.transpose_a ? Shape{g.m, g.n} : a.shape().with_last(g.n), g.dtype, a.device());
  g.c = c.mutable_raw();
  run(a.device(), g);
  return c;
}

void matmul_add_(Tensor& c, const Tensor& a, const Tensor& b, const MatmulOptions& options) {
  GemmArgs g = checked(a, b, options);
  LB_CHECK(c.shape().rows() == g.m && c.shape().last() == g.n && c.dtype() == g.dtype && !options.bias.defined(),
           "matmul_add_", "the sum {} {} must be {} [{}, {}], without a bias", to_string(c.dtype()), c.shape().str(),
           to_string(g.dtype), g.m, g.n);
  g.c = c.mutable_raw(), g.accumulate = true;
  run(a.device(), g);
}

}  // namespace lowbit::ops
