#include "core/kernels/pack.h"

#include <cstring>

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

template <int32_t radix>
bool pack_rows(const PackArgs& a) {
  constexpr int64_t kPerByte = fields_per_byte(radix);
  const PackedField f = a.field;
  const int64_t bytes = (a.columns + kPerByte - 1) / kPerByte;
  int32_t invalid = 0;
#pragma omp parallel for reduction(| : invalid) if (a.rows * a.columns > kParallelElements)
  for (int64_t r = 0; r < a.rows; ++r) {
    const int8_t* codes = a.codes + r * a.columns;
    uint8_t* packed = a.packed + r * bytes;
    for (int64_t b = 0; b < bytes; ++b) {
      int32_t byte = 0, weight = 1;
      for (int64_t i = 0; i < kPerByte && b * kPerByte + i < a.columns; ++i, weight *= radix) {
        const int32_t code = codes[b * kPerByte + i];
        byte += field_of(code, f) * weight;
        invalid |= is_valid(code, f) ? 0 : 1;
      }
      packed[b] = static_cast<uint8_t>(byte);
    }
  }
  return invalid == 0;
}

/// What every byte stands for.
template <int32_t radix>
struct ByteTable {
  static constexpr int64_t kPerByte = fields_per_byte(radix);
  int8_t codes[256][kPerByte];
  uint8_t invalid[256];  // 1 for a byte that holds a field outside of the book

  explicit ByteTable(const PackedField& f) {
    for (int32_t byte = 0; byte < 256; ++byte) {
      invalid[byte] = 0;
      int32_t rest = byte;
      for (int64_t i = 0; i < kPerByte; ++i, rest /= radix) {
        const int32_t code = code_of(i + 1 < kPerByte ? rest % radix : rest, f);  // the last may be too large
        invalid[byte] |= code < f.low || code > f.high;
        codes[byte][i] = static_cast<int8_t>(code);
      }
    }
  }
};

template <int32_t radix>
bool unpack_rows(const UnpackArgs& a) {
  constexpr int64_t kPerByte = fields_per_byte(radix);
  const ByteTable<radix> table(a.field);
  const int64_t bytes = (a.columns + kPerByte - 1) / kPerByte, whole = a.columns / kPerByte;
  int32_t invalid = 0;
#pragma omp parallel for reduction(| : invalid) if (a.rows * a.columns > kParallelElements)
  for (int64_t r = 0; r < a.rows; ++r) {
    const uint8_t* packed = a.packed + r * bytes;
    for (int64_t b = 0; b < bytes; ++b) invalid |= table.invalid[packed[b]];
    if (!a.codes) continue;
    int8_t* codes = a.codes + r * a.columns;
    for (int64_t b = 0; b < whole; ++b) std::memcpy(codes + b * kPerByte, table.codes[packed[b]], kPerByte);
    if (whole < bytes)
      std::memcpy(codes + whole * kPerByte, table.codes[packed[whole]],
                  static_cast<size_t>(a.columns - whole * kPerByte));
  }
  return invalid == 0;
}

}  // namespace

void fill(PackKernels& table) {
  table.pack = [](Stream&, const PackArgs& a) {
    switch (a.field.radix) {
      case 2:
        return pack_rows<2>(a);
      case 3:
        return pack_rows<3>(a);
      case 16:
        return pack_rows<16>(a);
      default:
        return pack_rows<256>(a);
    }
  };
  table.unpack = [](Stream&, const UnpackArgs& a) {
    switch (a.field.radix) {
      case 2:
        return unpack_rows<2>(a);
      case 3:
        return unpack_rows<3>(a);
      case 16:
        return unpack_rows<16>(a);
      default:
        return unpack_rows<256>(a);
    }
  };
}

}  // namespace lowbit::LB_TARGET_NS
