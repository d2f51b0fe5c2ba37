#include "core/kernels/embedding.h"

#include "core/kernels/cpu/simd.h"

namespace lowbit::LB_TARGET_NS {
namespace {

template <class T>
void forward(const EmbeddingArgs& a) {
  using C = Compute<T>;
  const C scale = static_cast<C>(a.scale);
  parallel_for(a.n, a.n * a.width > kParallelElements, [=](int64_t i) {
    const T* x = static_cast<const T*>(a.table) + a.ids[i] * a.width;
    T* y = static_cast<T*>(a.y) + i * a.width;
#pragma omp simd
    for (int64_t j = 0; j < a.width; ++j) store(y + j, load(x + j) * scale);
  });
}

/// Positions of the same id form a chain in ascending order; each row of the table then has one owner, who walks its
/// chain for a strip of columns at a time.
template <class T>
void backward(const EmbeddingGradArgs& a) {
  using C = Compute<T>;
  const C scale = static_cast<C>(a.scale);
  int32_t *first = a.workspace, *next = first + a.entries;
  for (int64_t v = 0; v < a.entries; ++v) first[v] = -1;
  for (int64_t i = a.n - 1; i >= 0; --i) {
    next[i] = first[a.ids[i]];
    first[a.ids[i]] = static_cast<int32_t>(i);
  }
  if (a.padding_id >= 0) first[a.padding_id] = -1;
    // Dynamic, because frequent ids stand together.
#pragma omp parallel for schedule(dynamic, 64) if (a.n * a.width > kParallelElements)
  for (int64_t v = 0; v < a.entries; ++v) {
    constexpr int64_t kStrip = 256;
    if (a.accumulate && first[v] < 0) continue;
    for (int64_t begin = 0; begin < a.width; begin += kStrip) {
      const int64_t width = a.width - begin < kStrip ? a.width - begin : kStrip;
      C sum[kStrip];
      for (int64_t j = 0; j < width; ++j) sum[j] = 0;
      for (int32_t i = first[v]; i >= 0; i = next[i]) {
        const T* dy = static_cast<const T*>(a.dy) + i * a.width + begin;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) sum[j] += load(dy + j);
      }
      C* dtable = static_cast<C*>(a.dtable) + v * a.width + begin;
#pragma omp simd
      for (int64_t j = 0; j < width; ++j) dtable[j] = a.accumulate ? dtable[j] + sum[j] * scale : sum[j] * scale;
    }
  }
}

}  // namespace

void fill(EmbeddingKernels& table) {
  table.forward = [](Stream&, const EmbeddingArgs& a) { LB_VISIT_FLOATING(a.dtype, forward, a) };
  table.backward = [](Stream&, const EmbeddingGradArgs& a) { LB_VISIT_FLOATING(a.dtype, backward, a) };
}

}  // namespace lowbit::LB_TARGET_NS
