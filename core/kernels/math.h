#pragma once

#include <cstdint>
#include <cstring>

/// Branch-free elementary functions that compilers vectorise. Internal linkage throughout: every kernel target compiles
/// its own copy, and none of them may be handed to another target by the linker.
namespace lowbit::math {
namespace {

inline float bits_to_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// exp(x) to 3 ulp: 2^n * p(r) with n = round(x / ln 2) and a degree-6 polynomial on |r| <= ln 2 / 2.
/// Below -87.3 the result is 0, above 88.4 infinity, NaN stays NaN.
inline float exp(float x) {
  const float above = x < -87.3f ? -88.0f : x, clamped = above > 88.5f ? 88.5f : above;  // n from -127 to 128
  const float shifted = clamped * 1.44269504088896341f + 12582912.0f;  // 1.5 * 2^23: n in the low bits, and rounded
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
  float p = 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  return p * bits_to_float((bits << 23) + (127u << 23));
}
inline double exp(double x) { return __builtin_exp(x); }

/// erf(x) to 5.5e-7 absolute, 1.5e-7 of it the formula (Abramowitz and Stegun 1964, 7.1.26), the rest rounding.
inline float erf(float x) {
  const float a = x < 0 ? -x : x;
  const float t = 1.0f / (1.0f + 0.3275911f * a);
  const float p = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
  const float y = 1.0f - p * exp(-a * a);
  return x < 0 ? -y : y;
}
inline double erf(double x) { return __builtin_erf(x); }

inline float sqrt(float x) { return __builtin_sqrtf(x); }
inline double sqrt(double x) { return __builtin_sqrt(x); }
inline float log(float x) { return __builtin_logf(x); }
inline double log(double x) { return __builtin_log(x); }
inline float tanh(float x) {
  const float a = x < 0 ? -x : x;
  const float e = exp(-2.0f * a);
  const float y = (1.0f - e) / (1.0f + e);
  return x < 0 ? -y : y;
}
inline double tanh(double x) { return __builtin_tanh(x); }

}  // namespace
}  // namespace lowbit::math
