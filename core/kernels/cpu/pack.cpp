#include "core/kernels/pack.h"

#include "core/kernels/cpu/simd.h"

namespace lowbit::LB_TARGET_NS {
namespace {

inline int32_t field_of(int32_t code, const PackedField& f) {
  const int32_t shifted = code - f.add;
  return (f.factor == 1 ? shifted : -shifted >> 1) ^ f.flip;
}
inline int32_t code_of(int32_t field, const PackedField& f) { return f.factor * (field ^ f.flip) + f.add; }

/// In the book, and not between two codes of it (0 among the signs).
inline bool is_valid(int32_t code, const PackedField& f) {
  return code >= f.low && code <= f.high && code_of(field_of(code, f), f) == code;
}

template <int bits>
bool pack_rows(const PackArgs& a) {
  constexpr int64_t kPerByte = 8 / bits;
  const PackedField f = a.field;
  const int64_t bytes = (a.columns + kPerByte - 1) / kPerByte;
  int32_t invalid = 0;
#pragma omp parallel for reduction(| : invalid) if (a.rows * a.columns > kParallelElements)
  for (int64_t r = 0; r < a.rows; ++r) {
    const int8_t* codes = a.codes + r * a.columns;
    uint8_t* packed = a.packed + r * bytes;
    for (int64_t b = 0; b < bytes; ++b) {
      int32_t byte = 0;
      for (int64_t i = 0; i < kPerByte && b * kPerByte + i < a.columns; ++i) {
        const int32_t code = codes[b * kPerByte + i];
        byte |= field_of(code, f) << (i * bits);
        invalid |= is_valid(code, f) ? 0 : 1;
      }
      packed[b] = static_cast<uint8_t>(byte);
    }
  }
  return invalid == 0;
}

template <int bits>
bool unpack_rows(const UnpackArgs& a) {
  constexpr int64_t kPerByte = 8 / bits;
  const PackedField f = a.field;
  const int64_t bytes = (a.columns + kPerByte - 1) / kPerByte;
  int32_t invalid = 0;
#pragma omp parallel for reduction(| : invalid) if (a.rows * a.columns > kParallelElements)
  for (int64_t r = 0; r < a.rows; ++r) {
    const uint8_t* packed = a.packed + r * bytes;
    int8_t* codes = a.codes + r * a.columns;
    for (int64_t j = 0; j < a.columns; ++j) {
      const int32_t code = code_of(packed[j / kPerByte] >> (j % kPerByte * bits) & ((1 << bits) - 1), f);
      invalid |= code >= f.low && code <= f.high ? 0 : 1;
      codes[j] = static_cast<int8_t>(code);
    }
  }
  return invalid == 0;
}

}  // namespace

void fill(PackKernels& table) {
  table.pack = [](Stream&, const PackArgs& a) {
    switch (a.field.bits) {
      case 1:
        return pack_rows<1>(a);
      case 2:
        return pack_rows<2>(a);
      case 4:
        return pack_rows<4>(a);
      default:
        return pack_rows<8>(a);
    }
  };
  table.unpack = [](Stream&, const UnpackArgs& a) {
    switch (a.field.bits) {
      case 1:
        return unpack_rows<1>(a);
      case 2:
        return unpack_rows<2>(a);
      case 4:
        return unpack_rows<4>(a);
      default:
        return unpack_rows<8>(a);
    }
  };
}

}  // namespace lowbit::LB_TARGET_NS
