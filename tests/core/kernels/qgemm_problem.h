#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/kernels/qgemm.h"
#include "core/quant/packed.h"
#include "core/random.h"

/// Problems for an integer GEMM, what the formula of qgemm.h makes of them and what a table of kernels does.
namespace lowbit {

inline constexpr CodeBook kBooks[] = {CodeBook::binary, CodeBook::ternary, CodeBook::int4, CodeBook::int8};
inline constexpr CodeBook kInputBooks[] = {CodeBook::binary, CodeBook::bit,   CodeBook::ternary, CodeBook::trit,
                                           CodeBook::int4,   CodeBook::uint4, CodeBook::int8,    CodeBook::uint8};

inline constexpr float kBefore = -77;

struct Problem {
  int64_t m, n, k;
  CodeBook book, x_book;
  bool x_rows, x_offset, w_rows, bias;
  bool transposed, accumulate;  // w is given as [k, n]; y holds kBefore
  int32_t x_zero;
  std::vector<int8_t> x, w;
};

/// Codes drawn from the whole book or, for the largest sums, one end of it: bit 0 of the seed says which end of x,
/// bit 1 which of w.
inline Problem problem(int64_t m, int64_t n, int64_t k, CodeBook book, CodeBook x_book, uint64_t seed,
                       bool extremes = false) {
  RandomState random{seed};
  Problem p{m,
            n,
            k,
            book,
            x_book,
            seed % 2 == 0,
            seed % 3 == 0,
            seed % 5 < 3,
            seed % 7 < 4,
            seed % 11 < 5,
            seed % 13 < 4,
            zero_of(x_book),
            {},
            {}};
  const auto draw = [&](CodeBook from, bool at_low) {
    const CodeRange range = range_of(from);
    const int low = range.low - zero_of(from), high = range.high - zero_of(from);
    if (extremes) return static_cast<int8_t>(at_low ? low : high);
    const int value = low + static_cast<int>(random.next_below(static_cast<uint64_t>(high - low + 1)));
    return static_cast<int8_t>(value == 0 && from == CodeBook::binary ? 1 : value);
  };
  for (int64_t i = 0; i < m * k; ++i) p.x.push_back(draw(x_book, seed & 1));
  for (int64_t i = 0; i < n * k; ++i) p.w.push_back(draw(book, seed & 2));
  return p;
}

struct Floats {
  std::vector<float> x_scale, x_offset, w_scale, bias;
  explicit Floats(const Problem& p) {
    const auto draw = [](int64_t n, uint64_t key) {
      return random_uniform(Shape({n}), 0.01, 1, key).to_vector<float>();
    };
    x_scale = draw(p.m + 1, 1), x_offset = draw(p.m + 1, 2), w_scale = draw(p.n + 1, 3), bias = draw(p.n, 4);
  }
};

/// The formula of qgemm.h, with 64-bit sums.
inline std::vector<float> reference(const Problem& p) {
  const Floats f(p);
  std::vector<float> y;
  for (int64_t m = 0; m < p.m; ++m)
    for (int64_t n = 0; n < p.n; ++n) {
      int64_t acc = 0, sum = 0;
      for (int64_t k = 0; k < p.k; ++k) {
        const int64_t w = p.w[static_cast<size_t>(n * p.k + k)];
        acc += w * (p.x[static_cast<size_t>(m * p.k + k)] + p.x_zero);
        sum += w;
      }
      const size_t xi = p.x_rows ? static_cast<size_t>(m) : 0, wi = p.w_rows ? static_cast<size_t>(n) : 0;
      float v = (f.x_scale[xi] * f.w_scale[wi]) * static_cast<float>(acc);
      if (p.x_offset) v = v + (f.x_offset[xi] * f.w_scale[wi]) * static_cast<float>(sum);
      if (p.bias) v = v + f.bias[static_cast<size_t>(n)];
      if (p.accumulate) v = v + kBefore;
      y.push_back(v);
    }
  return y;
}

/// Inputs and output `skew` elements after an aligned address; everything around the output must stay untouched.
inline std::vector<float> run(const QGemmKernels& kernels, const Problem& p, size_t skew) {
  const Floats f(p);
  const WeightLayout layout = layout_of(p.book);
  std::vector<uint8_t> panels(static_cast<size_t>(layout.bytes(p.n, p.k)) + skew);
  std::vector<int32_t> sums(static_cast<size_t>(p.n));
  std::vector<int8_t> x(skew), w(skew);
  x.insert(x.end(), p.x.begin(), p.x.end());
  for (int64_t i = 0; i < p.n * p.k; ++i)
    w.push_back(p.w[static_cast<size_t>(p.transposed ? i % p.n * p.k + i / p.n : i)]);
  const size_t size = static_cast<size_t>(p.m * p.n);
  std::vector<float> y(size + 2 * skew + 16, kBefore);
  kernels.pack_panels(current_stream({}),
                      {w.data() + skew, p.transposed, p.n, p.k, layout, panels.data() + skew, sums.data()});
  QGemmArgs a{};
  a.m = p.m, a.n = p.n, a.k = p.k;
  a.x = x.data() + skew, a.x_codes = input_codes_of(p.x_book);
  a.x_scale = f.x_scale.data(), a.x_offset = p.x_offset ? f.x_offset.data() : nullptr, a.x_stride = p.x_rows;
  a.x_zero = p.x_zero;
  a.panels = panels.data() + skew, a.layout = layout;
  a.w_scale = f.w_scale.data(), a.w_stride = p.w_rows;
  a.sums = sums.data(), a.bias = p.bias ? f.bias.data() : nullptr;
  a.y = y.data() + skew, a.accumulate = p.accumulate;
  kernels.gemm(current_stream({}), a);
  for (size_t i = 0; i < skew; ++i) EXPECT_EQ(y[i], kBefore);
  for (size_t i = skew + size; i < y.size(); ++i) EXPECT_EQ(y[i], kBefore);
  return {y.begin() + static_cast<ptrdiff_t>(skew), y.begin() + static_cast<ptrdiff_t>(skew + size)};
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace lowbit
