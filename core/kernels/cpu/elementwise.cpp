#include "core/kernels/elementwise.h"

#include "core/kernels/cpu/philox_lanes.h"
#include "core/kernels/cpu/simd.h"

namespace lowbit::LB_TARGET_NS {
namespace {

template <class T, class Op>
void unary_loop(const UnaryArgs& a) {
  const T* x = static_cast<const T*>(a.x);
  T* y = static_cast<T*>(a.y);
  parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) store(y + i, Op::value(load(x + i)));
  });
}

template <class T, class Op>
void unary_grad_loop(const UnaryGradArgs& a) {
  const T *x = static_cast<const T*>(a.x), *y = static_cast<const T*>(a.y), *dy = static_cast<const T*>(a.dy);
  T* dx = static_cast<T*>(a.dx);
  parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) store(dx + i, load(dy + i) * Op::slope(load(x + i), load(y + i)));
  });
}

template <class T, class Op>
void binary_loop(const BinaryArgs& a) {
  const T *x = static_cast<const T*>(a.a), *y = static_cast<const T*>(a.b);
  T* z = static_cast<T*>(a.c);
  const int64_t rows = a.period ? a.n / a.period : 0;
  if (rows == 1) {
    parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) store(z + i, Op::value(load(x + i), load(y + i)));
    });
    return;
  }
  parallel_for(rows, a.n > kParallelElements, [=, period = a.period](int64_t r) {
    const int64_t begin = r * period;
#pragma omp simd
    for (int64_t j = 0; j < period; ++j) store(z + begin + j, Op::value(load(x + begin + j), load(y + j)));
  });
}

/// Calls fn with the `index`-th type of the list.
template <class... Ops, class Fn>
void select(OpList<Ops...>, int index, Fn fn) {
  int i = 0;
  ((i++ == index ? fn(Ops{}) : void()), ...);
}

template <class T>
void unary(const UnaryArgs& a) {
  select(UnaryOps{}, static_cast<int>(a.op), [&](auto op) { unary_loop<T, decltype(op)>(a); });
}

template <class T>
void unary_backward(const UnaryGradArgs& a) {
  select(UnaryOps{}, static_cast<int>(a.op), [&](auto op) { unary_grad_loop<T, decltype(op)>(a); });
}

template <class T>
void binary(const BinaryArgs& a) {
  select(BinaryOps{}, static_cast<int>(a.op), [&](auto op) { binary_loop<T, decltype(op)>(a); });
}

template <class T>
void axpby(const AxpbyArgs& a) {
  using C = Compute<T>;
  const T* x = static_cast<const T*>(a.x);
  T* y = static_cast<T*>(a.y);
  const C alpha = static_cast<C>(a.alpha), beta = static_cast<C>(a.beta);
  if (a.beta == 0) {
    parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) store(y + i, alpha * load(x + i));
    });
    return;
  }
  parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) store(y + i, alpha * load(x + i) + beta * load(y + i));
  });
}

/// How many of the n elements the hardware converted; the loop does the rest. Same bits as half.h (half_test.cpp).
template <class From, class To>
int64_t cast_by_instruction(const From*, To*, int64_t) {
  return 0;
}
#ifdef __F16C__
template <>
int64_t cast_by_instruction(const f16* x, float* y, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i))));
  return i;
}
template <>
int64_t cast_by_instruction(const float* x, f16* y, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
  return i;
}
#endif

template <class From, class To>
void cast_loop(const CastArgs& a) {
  const From* x = static_cast<const From*>(a.x);
  To* y = static_cast<To*>(a.y);
  parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
    begin += cast_by_instruction(x + begin, y + begin, end - begin);
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) store(y + i, static_cast<Compute<To>>(load(x + i)));
  });
}

template <class From>
void cast_from(const CastArgs& a) {
  const auto to = [&]<class To>(To) { cast_loop<From, To>(a); };
  switch (a.to) {
    case DType::f32:
      return to(float{});
    case DType::f16:
      return to(f16{});
    case DType::bf16:
      return to(bf16{});
    case DType::f64:
      return to(double{});
    default:
      return;
  }
}

/// x plus random bits below the last one that bf16 keeps, cut off there. Infinity and NaN stay what they are.
[[gnu::always_inline]] inline bf16 round_by(float x, uint32_t random) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
  const uint32_t moved = select_bits(finite, bits + random, bits | (bits << 9 != 0 ? 0x400000u : 0u));
  return {static_cast<uint16_t>(moved >> 16)};
}

void stochastic_round(const StochasticRoundArgs& a) {
  parallel_for((a.n + kPhiloxTile - 1) / kPhiloxTile, a.n > kParallelElements, [=](int64_t tile) {
    uint32_t words[4][kPhiloxLanes];
    philox_lanes(a.key, static_cast<uint64_t>(tile) * kPhiloxLanes, words);
    const int64_t begin = tile * kPhiloxTile, count = a.n - begin < kPhiloxTile ? a.n - begin : kPhiloxTile;
    for (int64_t i = 0; i < count; ++i) {
      a.y[begin + i] = round_by(a.x[begin + i], philox_half(words, i / kPhiloxLanes, i % kPhiloxLanes));
    }
  });
}

template <class T>
void fill_loop(const FillArgs& a) {
  T* y = static_cast<T*>(a.y);
  T value;
  store(&value, static_cast<Compute<T>>(a.value));
  parallel_ranges(a.n, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) y[i] = value;
  });
}

}  // namespace

void fill(ElementwiseKernels& table) {
  table.unary = [](Stream&, const UnaryArgs& a) { LB_VISIT_FLOATING(a.dtype, unary, a) };
  table.unary_backward = [](Stream&, const UnaryGradArgs& a) { LB_VISIT_FLOATING(a.dtype, unary_backward, a) };
  table.binary = [](Stream&, const BinaryArgs& a) { LB_VISIT_FLOATING(a.dtype, binary, a) };
  table.axpby = [](Stream&, const AxpbyArgs& a) { LB_VISIT_FLOATING(a.dtype, axpby, a) };
  table.cast = [](Stream&, const CastArgs& a) { LB_VISIT_FLOATING(a.from, cast_from, a) };
  table.stochastic_round = [](Stream&, const StochasticRoundArgs& a) { stochastic_round(a); };
  table.fill = [](Stream&, const FillArgs& a) { LB_VISIT_FLOATING(a.dtype, fill_loop, a) };
}

}  // namespace lowbit::LB_TARGET_NS
