#include "core/quant/ggml_blocks.h"

#include <cstring>

#include "core/error.h"

namespace lowbit::formats {
namespace {

struct TypeRow {
  GgmlType type;
  std::string_view name;
  GgmlBlock block;
};
constexpr TypeRow kTypes[] = {{GgmlType::f32, "F32", {1, 4}},        {GgmlType::f16, "F16", {1, 2}},
                              {GgmlType::q4_0, "Q4_0", {32, 18}},    {GgmlType::q8_0, "Q8_0", {32, 34}},
                              {GgmlType::tq1_0, "TQ1_0", {256, 54}}, {GgmlType::tq2_0, "TQ2_0", {256, 66}}};

const TypeRow& row_of(GgmlType type) {
  for (const TypeRow& row : kTypes)
    if (row.type == type) return row;
  fail(ErrorKind::model, "gguf", "tensor type {} is not known here", static_cast<uint32_t>(type));
}

/// Where TQ1_0 has the codes: parts of `bytes`, a byte with `digits` codes that stand `bytes` apart.
struct Tq1Part {
  size_t byte, bytes, digits, code;
};
constexpr Tq1Part kTq1[] = {{0, 32, 5, 0}, {32, 16, 5, 160}, {48, 4, 4, 240}};

void put(std::byte* out, size_t at, uint32_t value) { out[at] = static_cast<std::byte>(value); }
uint32_t get(const std::byte* in, size_t at) { return std::to_integer<uint32_t>(in[at]); }

void pack_q4_0(const int8_t* codes, std::byte* out) {
  for (size_t j = 0; j < 16; ++j) put(out, j, static_cast<uint32_t>((codes[j] + 8) | ((codes[16 + j] + 8) << 4)));
}
void unpack_q4_0(const std::byte* in, int8_t* codes) {
  for (size_t j = 0; j < 16; ++j) {
    codes[j] = static_cast<int8_t>(static_cast<int>(get(in, j) & 15u) - 8);
    codes[16 + j] = static_cast<int8_t>(static_cast<int>(get(in, j) >> 4) - 8);
  }
}

void pack_tq2_0(const int8_t* codes, std::byte* out) {
  for (size_t j = 0; j < 64; ++j) {
    uint32_t byte = 0;
    for (size_t n = 0; n < 4; ++n) byte |= static_cast<uint32_t>(codes[j / 32 * 128 + 32 * n + j % 32] + 1) << (2 * n);
    put(out, j, byte);
  }
}
void unpack_tq2_0(const std::byte* in, int8_t* codes) {
  for (size_t j = 0; j < 64; ++j)
    for (size_t n = 0; n < 4; ++n) {
      const uint32_t field = get(in, j) >> (2 * n) & 3u;
      LB_REQUIRE(field < 3, ErrorKind::model, "gguf", "a field of TQ2_0 is 3: the data is corrupt");
      codes[j / 32 * 128 + 32 * n + j % 32] = static_cast<int8_t>(static_cast<int>(field) - 1);
    }
}

/// digits * 3^(5 - n) of n digits, as the fraction of 243 that one byte holds, rounded up.
void pack_tq1_0(const int8_t* codes, std::byte* out) {
  for (const Tq1Part& part : kTq1)
    for (size_t j = 0; j < part.bytes; ++j) {
      uint32_t number = 0;
      for (size_t n = 0; n < 5; ++n)
        number = 3 * number + (n < part.digits ? static_cast<uint32_t>(codes[part.code + n * part.bytes + j] + 1) : 0u);
      put(out, part.byte + j, (number * 256 + 242) / 243);
    }
}
void unpack_tq1_0(const std::byte* in, int8_t* codes) {
  for (const Tq1Part& part : kTq1)
    for (size_t j = 0; j < part.bytes; ++j) {
      uint32_t fraction = get(in, part.byte + j);
      for (size_t n = 0; n < part.digits; ++n, fraction = 3 * fraction & 255u)
        codes[part.code + n * part.bytes + j] = static_cast<int8_t>(static_cast<int>(3 * fraction >> 8) - 1);
    }
}

int largest_code(GgmlType type) { return type == GgmlType::q8_0 ? 127 : type == GgmlType::q4_0 ? 7 : 1; }
int smallest_code(GgmlType type) { return type == GgmlType::q8_0 ? -128 : type == GgmlType::q4_0 ? -8 : -1; }

/// The quantized types put the scale before the codes, the ternary ones behind.
bool scale_first(GgmlType type) { return type == GgmlType::q4_0 || type == GgmlType::q8_0; }

void check_type(GgmlType type, int64_t columns) {
  const TypeRow& row = row_of(type);
  LB_CHECK(row.block.values > 1 && columns % row.block.values == 0, "gguf", "{} columns are no blocks of {}", columns,
           row.name);
}

}  // namespace

std::string_view to_string(GgmlType type) { return row_of(type).name; }
GgmlBlock block_of(GgmlType type) { return row_of(type).block; }

std::vector<std::byte> pack_blocks(GgmlType type, std::span<const int8_t> codes, f16 scale) {
  check_type(type, std::ssize(codes));
  for (const int8_t code : codes)
    LB_CHECK(code >= smallest_code(type) && code <= largest_code(type), "gguf", "{} holds no code {}", to_string(type),
             static_cast<int>(code));
  const GgmlBlock block = block_of(type);
  const size_t values = static_cast<size_t>(block.values), bytes = static_cast<size_t>(block.bytes);
  std::vector<std::byte> packed(codes.size() / values * bytes);
  for (size_t b = 0; b < codes.size() / values; ++b) {
    std::byte* out = packed.data() + b * bytes;
    std::memcpy(scale_first(type) ? out : out + bytes - sizeof scale, &scale, sizeof scale);
    if (scale_first(type)) out += sizeof scale;
    const int8_t* in = codes.data() + b * values;
    if (type == GgmlType::q8_0) std::memcpy(out, in, values);
    if (type == GgmlType::q4_0) pack_q4_0(in, out);
    if (type == GgmlType::tq2_0) pack_tq2_0(in, out);
    if (type == GgmlType::tq1_0) pack_tq1_0(in, out);
  }
  return packed;
}

GgmlRow unpack_blocks(GgmlType type, std::span<const std::byte> row, int64_t columns) {
  check_type(type, columns);
  const GgmlBlock block = block_of(type);
  const size_t values = static_cast<size_t>(block.values), bytes = static_cast<size_t>(block.bytes);
  GgmlRow result{std::vector<int8_t>(static_cast<size_t>(columns)), {}};
  LB_REQUIRE(row.size() == result.codes.size() / values * bytes, ErrorKind::model, "gguf",
             "{} bytes do not hold {} codes of {}", row.size(), columns, to_string(type));
  for (size_t b = 0; b < result.codes.size() / values; ++b) {
    const std::byte* in = row.data() + b * bytes;
    f16 scale;
    std::memcpy(&scale, scale_first(type) ? in : in + bytes - sizeof scale, sizeof scale);
    LB_REQUIRE(b == 0 || scale.bits == result.scale.bits, ErrorKind::model, "gguf", "a row has several scales");
    result.scale = scale;
    if (scale_first(type)) in += sizeof scale;
    int8_t* out = result.codes.data() + b * values;
    if (type == GgmlType::q8_0) std::memcpy(out, in, values);
    if (type == GgmlType::q4_0) unpack_q4_0(in, out);
    if (type == GgmlType::tq2_0) unpack_tq2_0(in, out);
    if (type == GgmlType::tq1_0) unpack_tq1_0(in, out);
  }
  return result;
}

}  // namespace lowbit::formats
