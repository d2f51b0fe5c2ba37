#include "core/random.h"

#include <array>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace lowbit {
namespace {

/// Two doubles in (0, 1) with 53 bits, from draw i.
std::array<double, 2> two_uniforms(uint64_t key, uint64_t i) {
  const auto bits = philox(key, i);
  const auto unit = [](uint32_t high, uint32_t low) {
    const uint64_t mantissa = (static_cast<uint64_t>(high) << 32 | low) >> 11;
    return (static_cast<double>(mantissa) + 0.5) * 0x1p-53;
  };
  return {unit(bits[0], bits[1]), unit(bits[2], bits[3])};
}

template <class Draw>
Tensor generate(const Shape& shape, DType dtype, Draw draw) {
  LB_CHECK(dtype == DType::f32 || dtype == DType::f64, "random", "draws are f32 or f64, not {}", to_string(dtype));
  Tensor t = Tensor::empty(shape, dtype);
  const int64_t n = t.numel();
  if (dtype == DType::f32) {
    float* y = t.mutable_data<float>();
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(draw(static_cast<uint64_t>(i)));
  } else {
    double* y = t.mutable_data<double>();
    for (int64_t i = 0; i < n; ++i) y[i] = draw(static_cast<uint64_t>(i));
  }
  return t;
}

}  // namespace

uint64_t RandomState::next_below(uint64_t bound) {
  LB_CHECK(bound > 0, "random", "an empty range has no draw");
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    const uint64_t draw = next_key();
    if (draw < limit) return draw % bound;
  }
}

Tensor random_uniform(const Shape& shape, double low, double high, uint64_t key, DType dtype) {
  return generate(shape, dtype, [=](uint64_t i) { return low + (high - low) * two_uniforms(key, i)[0]; });
}

Tensor random_normal(const Shape& shape, double mean, double stddev, uint64_t key, DType dtype) {
  return generate(shape, dtype, [=](uint64_t i) {  // Box-Muller
    const auto [u, v] = two_uniforms(key, i);
    return mean + stddev * std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  });
}

}  // namespace lowbit
