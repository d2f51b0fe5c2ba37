#include "nn/checkpoint/ct2/ct2_rows.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"

namespace lowbit {
namespace {

/// A code times `factor`, divided by `scale`, is the code's value.
struct RowScale {
  int factor = 1;
  float scale = 1;
};

float by_division(int code, float scale) { return static_cast<float>(code) / scale; }
float by_reciprocal(int code, float scale) { return static_cast<float>(code) * (1.0f / scale); }

RowScale scale_of(float value, int largest_factor) {
  if (value == 0) return {};
  for (int factor = 1; factor <= largest_factor; ++factor) {
    const float near = static_cast<float>(factor / static_cast<double>(value));
    for (const float scale : {near, std::nextafter(near, 0.0f), std::nextafter(near, INFINITY)})
      if (by_division(factor, scale) == value && by_reciprocal(factor, scale) == value) return {factor, scale};
  }
  return {1, static_cast<float>(1 / static_cast<double>(value))};
}

float row_scale(const QTensor& weight, int64_t row) {
  return weight.scale.data<float>()[weight.per == Granularity::row ? row : 0];
}

/// Largest relative difference of a row's values in either reading.
double difference_of(const int8_t* codes, int64_t columns, float value, const RowScale& row) {
  std::array<bool, 256> seen{};
  for (int64_t c = 0; c < columns; ++c) seen[static_cast<size_t>(codes[c] + 128)] = true;
  double most = 0;
  for (int code = -128; code < 128; ++code) {
    if (!seen[static_cast<size_t>(code + 128)] || code == 0) continue;
    const double ours = static_cast<float>(code) * value;
    for (const float theirs : {by_division(code * row.factor, row.scale), by_reciprocal(code * row.factor, row.scale)})
      if (theirs != ours) most = std::max(most, std::abs(theirs / ours - 1));
  }
  return most;
}

}  // namespace

Ct2Rows ct2_rows(const QTensor& weight) {
  const int64_t rows = weight.shape()[0], columns = weight.shape()[1];
  const bool one_magnitude = weight.book == CodeBook::ternary || weight.book == CodeBook::binary;
  Ct2Rows result{Tensor::empty(weight.shape(), DType::i8), Tensor::empty({rows})};
  int8_t* out = result.codes.mutable_data<int8_t>();
  float* scales = result.scale.mutable_data<float>();
  for (int64_t r = 0; r < rows; ++r) {
    const int8_t* codes = weight.codes.data<int8_t>() + r * columns;
    const float value = row_scale(weight, r);
    const RowScale row = scale_of(value, one_magnitude ? 127 : 1);
    LB_REQUIRE(std::isfinite(row.scale) && row.scale != 0, ErrorKind::usage, "export",
               "a row's scale is {}, whose reciprocal no float holds", value);
    scales[r] = row.scale;
    for (int64_t c = 0; c < columns; ++c)
      out[r * columns + c] = static_cast<int8_t>(value == 0 ? 0 : codes[c] * row.factor);
    const double difference = value == 0 ? 0 : difference_of(codes, columns, value, row);
    result.inexact += difference > 0;
    result.difference = std::max(result.difference, difference);
  }
  return result;
}

void verify_rows(const QTensor& weight, std::span<const int8_t> codes, std::span<const float> scale,
                 const std::string& what) {
  const int64_t rows = weight.shape()[0], columns = weight.shape()[1];
  bool same = std::ssize(codes) == rows * columns && std::ssize(scale) == rows;
  for (int64_t i = 0; same && i < rows * columns; ++i) {
    const size_t at = static_cast<size_t>(i);
    const double ours = static_cast<double>(weight.codes.data<int8_t>()[i]) * row_scale(weight, i / columns);
    same =
        std::abs(by_division(codes[at], scale[at / static_cast<size_t>(columns)]) - ours) <= 0x1p-22 * std::abs(ours);
  }
  LB_REQUIRE(same, ErrorKind::self_check, "export", "{} reads back with other values; nothing was exported", what);
}

}  // namespace lowbit
