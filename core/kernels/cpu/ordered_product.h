#pragma once

#include "core/kernels/cpu/simd.h"

namespace lowbit {
namespace {

/// The left operand a(r, s) = data[r * row + s * step].
template <class T>
struct LeftOperand {
  const T* data;
  int64_t row, step;
};
/// The right operand b(s, c) = data[s * row + c], of which the first `readable` columns may be read.
template <class T>
struct RightOperand {
  const T* data;
  int64_t row, readable;
};

/// kRows x 16 sums over s in ascending order, each in an accumulator of its own.
template <int kRows, class C, class A, class B, class D>
[[gnu::always_inline]] inline void ordered_block(LeftOperand<A> a, const B* b, int64_t b_row, int64_t depth,
                                                 int64_t loaded, D* out, int64_t out_row, int64_t stored) {
  C sum[kRows][kLanes] = {};
  const auto accumulate = [&](int64_t columns) {
    for (int64_t s = 0; s < depth; ++s) {
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const C factor = static_cast<C>(load(a.data + r * a.row + s * a.step));
#pragma omp simd
        for (int64_t c = 0; c < columns; ++c) sum[r][c] += factor * static_cast<C>(load(b + s * b_row + c));
      }
    }
  };
  if (loaded == kLanes) {
    accumulate(kLanes);
  } else {
    accumulate(loaded);
  }
  for (int r = 0; r < kRows; ++r)
    for (int64_t c = 0; c < stored; ++c) store(out + r * out_row + c, sum[r][c]);
}

/// out(r, c) = sum over s = 0 ... depth - 1 of a(r, s) b(s, c), in that order: a small matrix product whose elements do
/// not depend on the number of rows or columns computed with them.
template <class C, class A, class B, class D>
inline void ordered_product(int64_t rows, int64_t cols, int64_t depth, LeftOperand<A> a, RightOperand<B> b, D* out,
                            int64_t out_row) {
  constexpr int kRows = 4;
  for (int64_t c = 0; c < cols; c += kLanes) {
    const int64_t loaded = b.readable - c < kLanes ? b.readable - c : kLanes;
    const int64_t stored = cols - c < kLanes ? cols - c : kLanes;
    int64_t r = 0;
    const auto block = [&]<int kCount>() {
      const LeftOperand<A> left = {a.data + r * a.row, a.row, a.step};
      ordered_block<kCount, C>(left, b.data + c, b.row, depth, loaded, out + r * out_row + c, out_row, stored);
      r += kCount;
    };
    while (r + kRows <= rows) block.template operator()<kRows>();
    while (r < rows) block.template operator()<1>();
  }
}

}  // namespace
}  // namespace lowbit
