#pragma once

#include <cstdint>
#include <span>

#include "core/device.h"
#include "core/kernels/target.h"
#include "core/stream.h"

namespace lowbit {

/// The field of a code:  field = ((code - add) / factor) ^ flip,  factor 1 or -2;  low <= code <= high.
struct PackedField {
  int bits;
  int32_t factor, add, flip, low, high;
};
struct PackArgs {
  const int8_t* codes;
  uint8_t* packed;
  int64_t rows, columns;
  PackedField field;
};
struct UnpackArgs {
  const uint8_t* packed;
  int8_t* codes;
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
