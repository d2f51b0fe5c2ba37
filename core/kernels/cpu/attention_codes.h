#pragma once

#include "core/kernels/attention.h"
#include "core/kernels/cpu/ordered_product.h"

/// Keys and values that are codes as right operands of ordered_product: dequantized in registers, to the bits that
/// dequantize() gives.
namespace lowbit {
namespace {

/// v = the codes at p as floats, plus `zero`.
template <class Vector>
[[gnu::always_inline]] inline void read_codes(const int8_t* p, int32_t zero, Vector& v) {
  static_assert(sizeof v == kVectorBytes);
#if defined(__AVX512F__)
  const __m512i wide = _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  v = reinterpret_cast<Vector>(_mm512_cvtepi32_ps(_mm512_add_epi32(wide, _mm512_set1_epi32(zero))));
#elif defined(__AVX2__)
  const __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  v = reinterpret_cast<Vector>(_mm256_cvtepi32_ps(_mm256_add_epi32(wide, _mm256_set1_epi32(zero))));
#else
  for (size_t i = 0; i < sizeof v / sizeof(float); ++i) v[i] = static_cast<float>(p[i] + zero);
#endif
}

/// b(s, c) of column c: transposed keys. Scales and offsets are padded as the codes are.
struct CodesByColumn {
  const int8_t* data;
  int64_t row;
  const float *scale, *offset;  // offset may be null
  int32_t zero;

  template <class Vector>
  [[gnu::always_inline]] void read(int64_t s, int64_t c, Vector& v) const {
    Vector factor, shift;
    read_codes(data + s * row + c, zero, v);
    __builtin_memcpy(&factor, scale + c, sizeof factor);
    v = factor * v;
    if (!offset) return;
    __builtin_memcpy(&shift, offset + c, sizeof shift);
    v = v + shift;
  }
};

/// b(s, c) of row s: values, where they lie. Scales are `stride` apart.
struct CodesByRow {
  const int8_t* data;
  int64_t row;
  const float *scale, *offset;  // offset may be null
  int64_t stride;
  int32_t zero;

  template <class Vector>
  [[gnu::always_inline]] void read(int64_t s, int64_t c, Vector& v) const {
    read_codes(data + s * row + c, zero, v);
    v = scale[s * stride] * v;
    if (offset) v = v + offset[s * stride];
  }
};

/// y [cols, stride] = transposed x [rows, cols], padded with zeros to whole vectors. Four rounds of interleaving row i
/// with row i + 8 transpose 16 rows of 16 bytes.
inline void transpose_codes(const int8_t* x, int64_t x_row, int64_t rows, int64_t cols, int8_t* y, int64_t stride) {
  typedef int8_t Line __attribute__((vector_size(16)));
  constexpr int kSide = 16;
  for (int64_t i = 0; i < rows; i += kSide) {
    const int64_t height = rows - i < kSide ? rows - i : kSide;
    int64_t j = 0;
    for (; j + kSide <= cols; j += kSide) {
      Line a[kSide], b[kSide];
#pragma GCC unroll 16
      for (int r = 0; r < kSide; ++r) {
        a[r] = Line{};
        if (r < height) __builtin_memcpy(&a[r], x + (i + r) * x_row + j, sizeof(Line));
      }
#pragma GCC unroll 4
      for (int round = 0; round < 4; ++round) {
#pragma GCC unroll 8
        for (int r = 0; r < kSide / 2; ++r) {
          const Line low = a[r], high = a[r + kSide / 2];
          b[2 * r] = __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
          b[2 * r + 1] =
              __builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
#pragma GCC unroll 16
        for (int r = 0; r < kSide; ++r) a[r] = b[r];
      }
#pragma GCC unroll 16
      for (int r = 0; r < kSide; ++r) __builtin_memcpy(y + (j + r) * stride + i, &a[r], sizeof(Line));
    }
    for (; j < cols; ++j)
      for (int64_t r = 0; r < kSide; ++r) y[j * stride + i + r] = r < height ? x[(i + r) * x_row + j] : int8_t{0};
  }
}

}  // namespace
}  // namespace lowbit
