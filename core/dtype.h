#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/half.h"

namespace lowbit {

enum class DType : uint8_t { f32, f16, bf16, f64, i8, i32, i64, u8 };

std::string_view to_string(DType dtype);
size_t size_of(DType dtype);  ///< bytes of one element
inline bool is_floating(DType dtype) { return dtype <= DType::f64; }
inline bool is_half(DType dtype) { return dtype == DType::f16 || dtype == DType::bf16; }
/// What arithmetic on a floating type runs in, and scalar losses are held in: f64 for f64, f32 for the rest.
inline DType compute_type(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(sizeof(T) == 0, "no DType for this type");
  return DType::f32;
}();
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<f16> = DType::f16;
template <>
inline constexpr DType dtype_of<bf16> = DType::bf16;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<int8_t> = DType::i8;
template <>
inline constexpr DType dtype_of<int32_t> = DType::i32;
template <>
inline constexpr DType dtype_of<int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<uint8_t> = DType::u8;

}  // namespace lowbit
