#include "core/kernels/reduce.h"

#include "core/kernels/cpu/simd.h"
#include "core/kernels/row_blocks.h"

namespace lowbit::LB_TARGET_NS {
namespace {

/// Sixteen lanes (element index modulo 16), so that every target adds in the same order.
template <class T>
Summary summarise(const T* x, int64_t n) {
  using C = Compute<T>;
  constexpr C largest = sizeof(C) == 4 ? C(3.4028234663852886e38) : C(1.7976931348623157e308);
  double sum[kLanes] = {}, squares[kLanes] = {};
  C top[kLanes] = {};
  int32_t bad[kLanes] = {};
  const auto take = [&](int64_t k, C value) {
    const C magnitude = value < 0 ? -value : value;
    const bool finite = magnitude <= largest;
    const double wide = static_cast<double>(value);
    sum[k] += wide;
    squares[k] += wide * wide;
    top[k] = finite && magnitude > top[k] ? magnitude : top[k];
    bad[k] += finite ? 0 : 1;
  };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
#pragma omp simd
    for (int64_t k = 0; k < kLanes; ++k) take(k, load(x + i + k));
  for (int64_t k = 0; i + k < n; ++k) take(k, load(x + i + k));
  Summary result;
  for (int64_t k = 0; k < kLanes; ++k) {
    result.sum += sum[k];
    result.sum_squares += squares[k];
    result.absmax = static_cast<double>(top[k]) > result.absmax ? static_cast<double>(top[k]) : result.absmax;
    result.nonfinite += bad[k];
  }
  return result;
}

template <class T>
void summary(const SummaryArgs& a) {
  const T* x = static_cast<const T*>(a.x);
  constexpr int64_t kRow = 1024;  // elements that are never split between blocks
  const int64_t rows = (a.n + kRow - 1) / kRow, step = row_block_size(rows), blocks = row_block_count(rows);
  Summary parts[kRowBlocks], *part = parts;
  parallel_for(blocks, a.n > kParallelElements, [=](int64_t b) {
    const int64_t begin = b * step * kRow, end = begin + step * kRow;
    part[b] = summarise(x + begin, (end < a.n ? end : a.n) - begin);
  });
  Summary total;
  for (int64_t b = 0; b < blocks; ++b) {
    total.sum += parts[b].sum;
    total.sum_squares += parts[b].sum_squares;
    total.absmax = parts[b].absmax > total.absmax ? parts[b].absmax : total.absmax;
    total.nonfinite += parts[b].nonfinite;
  }
  *a.result = total;
}

template <class T>
void column_sum(const ColumnSumArgs& a) {
  using C = Compute<T>;
  const T* x = static_cast<const T*>(a.x);
  C* parts = static_cast<C*>(a.workspace);
  C* y = static_cast<C*>(a.y);
  const int64_t step = row_block_size(a.rows), blocks = row_block_count(a.rows);
  parallel_for(blocks, a.rows * a.cols > kParallelElements, [=](int64_t b) {
    C* part = parts + b * a.cols;
    for (int64_t j = 0; j < a.cols; ++j) part[j] = 0;
    const int64_t end = (b + 1) * step < a.rows ? (b + 1) * step : a.rows;
    for (int64_t r = b * step; r < end; ++r) {
      const T* row = x + r * a.cols;
#pragma omp simd
      for (int64_t j = 0; j < a.cols; ++j) part[j] += load(row + j);
    }
  });
  parallel_for(a.cols, blocks * a.cols > kParallelElements, [=](int64_t j) {
    C sum = 0;
    for (int64_t b = 0; b < blocks; ++b) sum += parts[b * a.cols + j];
    y[j] = sum;
  });
}

}  // namespace

void fill(ReduceKernels& table) {
  table.summary = [](Stream&, const SummaryArgs& a) { LB_VISIT_FLOATING(a.dtype, summary, a) };
  table.column_sum = [](Stream&, const ColumnSumArgs& a) { LB_VISIT_FLOATING(a.dtype, column_sum, a) };
}

}  // namespace lowbit::LB_TARGET_NS
