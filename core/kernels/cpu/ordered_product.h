#pragma once

#include "core/kernels/cpu/simd.h"

#if defined(__FMA__)
#include "core/kernels/cpu/intrinsics.h"
#endif

namespace lowbit {
namespace {

/// Columns of a right operand, padded to whole vectors.
[[gnu::always_inline]] inline int64_t padded_columns(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

/// The left operand a(r, s) = data[r * row + s * step].
template <class T>
struct LeftOperand {
  const T* data;
  int64_t row, step;
};
/// The right operand b(s, c) = data[s * row + c]. Kinds of right operands read whole vectors: padded_columns(cols) of a
/// row must be there (pack, transpose).
template <class C>
struct RightOperand {
  const C* data;
  int64_t row;

  template <class Vector>
  [[gnu::always_inline]] void read(int64_t s, int64_t c, Vector& v) const {
    __builtin_memcpy(&v, data + s * row + c, sizeof v);
  }
};

#if defined(__AVX512F__)
constexpr size_t kVectorBytes = 64;
#elif defined(__AVX__)
constexpr size_t kVectorBytes = 32;
#else
constexpr size_t kVectorBytes = 16;
#endif

/// How often a step of a sum rounds: after the product and after the sum, the same bits on every target; or, in f32
/// where the target can, once, at twice the speed.
enum class Steps : uint8_t { round_twice, fused };

template <Steps steps, class C, class Vector>
[[gnu::always_inline]] inline void add_product(Vector& sum, C factor, const Vector& right) {
#if defined(__AVX512F__)
  if constexpr (steps == Steps::fused && __is_same(C, float))
    sum = reinterpret_cast<Vector>(
        _mm512_fmadd_ps(_mm512_set1_ps(factor), reinterpret_cast<__m512>(right), reinterpret_cast<__m512>(sum)));
  else
#elif defined(__FMA__)
  if constexpr (steps == Steps::fused && __is_same(C, float))
    sum = reinterpret_cast<Vector>(
        _mm256_fmadd_ps(_mm256_set1_ps(factor), reinterpret_cast<__m256>(right), reinterpret_cast<__m256>(sum)));
  else
#endif
    sum += factor * right;
}

/// kRows x 16 sums over s in ascending order, each in an accumulator of its own. Vector types, because arrays of
/// accumulators leave the registers.
template <Steps steps, int kRows, class C, class A, class B, class D>
[[gnu::always_inline]] inline void ordered_block(LeftOperand<A> a, const B& b, int64_t column, int64_t depth, D* out,
                                                 int64_t out_row, int64_t stored) {
  typedef C Vector __attribute__((vector_size(kVectorBytes)));
  constexpr int kWidth = kVectorBytes / sizeof(C), kParts = kLanes / kWidth;
  Vector sum[kRows][kParts] = {};
  for (int64_t s = 0; s < depth; ++s) {
    Vector right[kParts];
#pragma GCC unroll 8
    for (int p = 0; p < kParts; ++p) b.read(s, column + p * kWidth, right[p]);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const C factor = static_cast<C>(load(a.data + r * a.row + s * a.step));
#pragma GCC unroll 8
      for (int p = 0; p < kParts; ++p) add_product<steps>(sum[r][p], factor, right[p]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    C line[kLanes];
    __builtin_memcpy(line, sum[r], sizeof line);
    if (stored == kLanes) {
#pragma omp simd
      for (int64_t c = 0; c < kLanes; ++c) store(out + r * out_row + c, line[c]);
    } else {
      for (int64_t c = 0; c < stored; ++c) store(out + r * out_row + c, line[c]);
    }
  }
}

/// out(r, c) = sum over s = 0 ... depth - 1 of a(r, s) b(s, c), in that order: a small matrix product whose elements do
/// not depend on the number of rows or columns computed with them.
template <class C, Steps steps = Steps::round_twice, class A, class B, class D>
inline void ordered_product(int64_t rows, int64_t cols, int64_t depth, LeftOperand<A> a, const B& b, D* out,
                            int64_t out_row) {
  constexpr int kRows = steps == Steps::fused && kVectorBytes == 64 ? 8 : 4;  // sums that hide the latency of one
  for (int64_t c = 0; c < cols; c += kLanes) {
    const int64_t stored = cols - c < kLanes ? cols - c : kLanes;
    int64_t r = 0;
    const auto block = [&]<int kCount>() {
      const LeftOperand<A> left = {a.data + r * a.row, a.row, a.step};
      ordered_block<steps, kCount, C>(left, b, c, depth, out + r * out_row + c, out_row, stored);
      r += kCount;
    };
    while (r + kRows <= rows) block.template operator()<kRows>();
    while (r < rows) block.template operator()<1>();
  }
}

/// y [rows, stride] = x [rows, cols] in the compute type, padded with zeros to whole vectors.
template <class C, class T>
inline void pack(const T* x, int64_t x_row, int64_t rows, int64_t cols, C* y, int64_t stride) {
  for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) y[i * stride + j] = static_cast<C>(load(x + i * x_row + j));
    for (int64_t j = cols; j < padded_columns(cols); ++j) y[i * stride + j] = 0;
  }
}

/// y [cols, stride] = transposed x [rows, cols] in the compute type, padded with zeros to whole vectors.
template <class C, class T>
inline void transpose(const T* x, int64_t x_row, int64_t rows, int64_t cols, C* y, int64_t stride) {
  typedef C Four __attribute__((vector_size(4 * sizeof(C))));
  const int64_t whole_rows = rows / 4 * 4, whole_cols = cols / 4 * 4;
  for (int64_t i = 0; i < whole_rows; i += 4)
    for (int64_t j = 0; j < whole_cols; j += 4) {
      Four a, b, c, d;  // passed by reference: wide vectors have no calling convention on the generic target
      const auto read = [&](int64_t k, Four& v) {
        for (int64_t l = 0; l < 4; ++l) v[l] = static_cast<C>(load(x + (i + k) * x_row + j + l));
      };
      const auto write = [&](int64_t k, const Four& v) { __builtin_memcpy(y + (j + k) * stride + i, &v, sizeof v); };
      read(0, a), read(1, b), read(2, c), read(3, d);
      const Four ab01 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab23 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
      const Four cd01 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd23 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      write(0, __builtin_shufflevector(ab01, cd01, 0, 1, 4, 5));
      write(1, __builtin_shufflevector(ab01, cd01, 2, 3, 6, 7));
      write(2, __builtin_shufflevector(ab23, cd23, 0, 1, 4, 5));
      write(3, __builtin_shufflevector(ab23, cd23, 2, 3, 6, 7));
    }
  for (int64_t j = 0; j < cols; ++j) {
    for (int64_t i = j < whole_cols ? whole_rows : 0; i < rows; ++i)
      y[j * stride + i] = static_cast<C>(load(x + i * x_row + j));
    for (int64_t i = rows; i < padded_columns(rows); ++i) y[j * stride + i] = 0;
  }
}

}  // namespace
}  // namespace lowbit
