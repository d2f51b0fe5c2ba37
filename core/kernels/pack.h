#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// The field of a code:  field = ((code - add) / factor) ^ flip,  factor 1 or -2;  low <= code <= high,
/// 0 <= field < radix. A byte holds as many fields as fit, the first with weight 1, the next with weight radix.
struct PackedField {
  int32_t radix;  // 2, 3, 16 or 256
  int32_t factor, add, flip, low, high;
};
constexpr int64_t fields_per_byte(int32_t radix) {
  int64_t fields = 0;
  for (int32_t values = radix; values <= 256; values *= radix) ++fields;
  return fields;
}
struct PackArgs {
  const int8_t* codes;
  uint8_t* packed;
  int64_t rows, columns;
  PackedField field;
};
struct UnpackArgs {
  const uint8_t* packed;
  int8_t* codes;  // null: only the check
  int64_t rows, columns;
  PackedField field;
};
/// Both return whether every code is in the book.
struct PackKernels {
  bool (*pack)(Stream&, const PackArgs&) = nullptr;
  bool (*unpack)(Stream&, const UnpackArgs&) = nullptr;
};

std::span<const Impl<PackKernels>> pack_impls();
const PackKernels& pack_kernels(Device device);

}  // namespace lowbit
