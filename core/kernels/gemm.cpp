#include "core/kernels/gemm.h"

#include <dnnl.h>

#include <algorithm>
#include <cstring>
#include <dnnl.hpp>
#include <unordered_map>

#include "core/allocator.h"
#include "core/cpu_features.h"
#include "core/kernels/cpu/simd.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/table.h"

/// Float matrix products are oneDNN's: f32 ones by dnnl_sgemm, which is as fast as the matmul primitive from 32 rows
/// on, faster below, and needs no descriptor; bf16 ones by the primitive, for there is no such call.
namespace lowbit {
namespace {

/// Memory of a kernel call, returned to the caching allocator at its end.
class Workspace {
 public:
  explicit Workspace(int64_t floats) : block_(allocator({}).allocate(static_cast<size_t>(floats) * sizeof(float))) {}
  ~Workspace() { allocator({}).release(block_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  float* data() { return static_cast<float*>(block_.ptr); }

 private:
  Block block_;
};

/// Accumulates when beta is 1, overwrites when it is 0.
void sgemm(const GemmArgs& g, const float* a, int64_t stride_a, float* c, int64_t m, float beta) {
  const int64_t stride_b = g.transpose_b ? g.k : g.n;
  const dnnl_status_t status = dnnl_sgemm(g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', m, g.n, g.k, 1.0f, a,
                                          stride_a, static_cast<const float*>(g.b), stride_b, beta, c, g.n);
  LB_CHECK(status == dnnl_success, "gemm", "oneDNN status {} for {} x {} x {}", static_cast<int>(status), m, g.n, g.k);
}

/// Reading a transposed operand whose rows are a multiple of 4 KiB apart maps a column to one cache set and halves the
/// speed (weight gradient of a vocabulary of 4096), so such an operand is copied panel by panel to rows of another
/// stride.
constexpr int64_t kAliasStride = 1024, kPanel = 256, kPanelStride = kPanel + 16;

void gemm_f32_panels(const GemmArgs& g, float beta) {
  Workspace panel(g.k * kPanelStride);
  float* copy = panel.data();
  for (int64_t begin = 0; begin < g.m; begin += kPanel) {
    const float* a = static_cast<const float*>(g.a) + begin;
    parallel_for(g.k, g.k > 64, [=, stride = g.m](int64_t i) {
      std::memcpy(copy + i * kPanelStride, a + i * stride, kPanel * sizeof(float));
    });
    sgemm(g, copy, kPanelStride, static_cast<float*>(g.c) + begin * g.n, kPanel, beta);
  }
}

void gemm_f32(const GemmArgs& g) {
  float* c = static_cast<float*>(g.c);
  if (g.bias)
    parallel_for(g.m, g.m * g.n > 4 * kParallelElements, [=, n = g.n, bias = g.bias](int64_t i) {
      std::memcpy(c + i * n, bias, static_cast<size_t>(n) * sizeof(float));
    });
  const float beta = g.bias || g.accumulate ? 1.0f : 0.0f;
  if (g.k == 0) {
    if (beta == 0.0f) std::fill_n(c, g.m * g.n, 0.0f);
  } else if (g.transpose_a && g.m % kAliasStride == 0 && g.k >= 64) {
    gemm_f32_panels(g, beta);
  } else {
    sgemm(g, static_cast<const float*>(g.a), g.transpose_a ? g.m : g.k, c, g.m, beta);
  }
}

/// For gradient checks: plain sums in ascending k.
void gemm_f64(const GemmArgs& g) {
  const double *a = static_cast<const double*>(g.a), *b = static_cast<const double*>(g.b);
  const double* bias = static_cast<const double*>(g.bias);
  double* c = static_cast<double*>(g.c);
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < g.n; ++j) {
      double sum = bias ? bias[j] : (g.accumulate ? c[i * g.n + j] : 0.0);
      for (int64_t p = 0; p < g.k; ++p)
        sum += (g.transpose_a ? a[p * g.m + i] : a[i * g.k + p]) * (g.transpose_b ? b[j * g.k + p] : b[p * g.n + j]);
      c[i * g.n + j] = sum;
    }
}

/// Half operands are widened to f32, multiplied there and rounded once: what tensor cores with f32 accumulation do.
void gemm_half(Stream& stream, const GemmArgs& g) {
  const bool narrow = g.dtype != DType::f32;  // the result too
  const int64_t size_a = g.m * g.k, size_b = g.k * g.n, size_c = narrow ? g.m * g.n : 0;
  Workspace a(size_a), b(size_b), c(size_c);
  const ElementwiseKernels& elementwise = elementwise_kernels(stream.device(), g.operands);
  const auto widen = [&](const void* from, float* to, int64_t n) {
    elementwise.cast(stream, {from, g.operands, to, DType::f32, n});
  };
  widen(g.a, a.data(), size_a);
  widen(g.b, b.data(), size_b);
  GemmArgs wide = g;
  wide.a = a.data(), wide.b = b.data(), wide.operands = wide.dtype = DType::f32;
  if (!narrow) return gemm_f32(wide);
  wide.c = c.data();
  if (g.accumulate) widen(g.c, c.data(), size_c);
  gemm_f32(wide);
  elementwise.cast(stream, {c.data(), DType::f32, g.c, g.dtype, size_c});
}

/// Without these instructions the primitive would emulate them one by one; widened operands and an f32 product round
/// the same way, at the speed of f32.
bool has_bf16_products() {
  const CpuFeatures& cpu = cpu_features();
  return cpu.has(CpuFeature::avx512_bf16) || cpu.has(CpuFeature::amx_bf16);
}

/// bf16 operands.
void gemm_bf16_primitive(const GemmArgs& g) try {
  using dnnl::memory;
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static thread_local dnnl::stream stream(engine);
  const auto order = [](bool transposed) { return transposed ? memory::format_tag::ba : memory::format_tag::ab; };
  const memory::desc a({g.m, g.k}, memory::data_type::bf16, order(g.transpose_a));
  const memory::desc b({g.k, g.n}, memory::data_type::bf16, order(g.transpose_b));
  const auto result = g.dtype == DType::f32 ? memory::data_type::f32 : memory::data_type::bf16;
  const memory::desc c({g.m, g.n}, result, memory::format_tag::ab);
  const memory::desc bias({1, g.n}, memory::data_type::f32, memory::format_tag::ab);
  dnnl::primitive_attr attributes;
  if (g.accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attributes.set_post_ops(sum);
  }
  const auto what = g.bias ? dnnl::matmul::desc(a, b, bias, c) : dnnl::matmul::desc(a, b, c);
  const dnnl::matmul product(dnnl::matmul::primitive_desc(what, attributes, engine));  // compiled once, then cached
  std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, memory(a, engine, const_cast<void*>(g.a))},
                                               {DNNL_ARG_WEIGHTS, memory(b, engine, const_cast<void*>(g.b))},
                                               {DNNL_ARG_DST, memory(c, engine, g.c)}};
  if (g.bias) arguments.emplace(DNNL_ARG_BIAS, memory(bias, engine, const_cast<void*>(g.bias)));
  product.execute(stream, arguments);
  stream.wait();
} catch (const dnnl::error& error) {
  fail(ErrorKind::internal, "gemm", "oneDNN status {} for {} x {} x {}: {}", static_cast<int>(error.status), g.m, g.n,
       g.k, error.what());
}

void gemm(Stream& stream, const GemmArgs& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.operands == DType::bf16 && g.k > 0 && has_bf16_products()) return gemm_bf16_primitive(g);
  if (g.operands == DType::f32) return gemm_f32(g);
  if (g.operands == DType::f64) return gemm_f64(g);
  gemm_half(stream, g);
}

}  // namespace

std::span<const Impl<GemmKernels>> gemm_impls() {
  static constexpr Impl<GemmKernels> rows[] = {{Target::cpu_generic, [](GemmKernels& table) { table.gemm = gemm; }}};
  return rows;
}

const GemmKernels& gemm_kernels(Device device, DType dtype) { return resolved_table<gemm_impls>(device, dtype); }

}  // namespace lowbit
