#pragma once

#include "core/kernels/cpu/special/qgemm_tiles.h"

/// Codes of at most 2 bits times fields of 1 or 2 bits. The 32 bits that a line holds of an output are one int32 lane,
/// so rows of x become int32 words in the order of those bits, and VPOPCNTD counts the matching bits of 16 outputs.
///
/// Binary weights: a bit of the line is (w + 1) / 2, and a bit plane of x selects some. x of 2 bits has two planes,
/// field >= 1 and field >= 2, whose sum is the field.
///
/// Ternary weights: a field becomes two bits, field >= 1 and field >= 2, which count w + 1. They count as they are for
/// x = 1 and inverted for x = -1, and x = 0 has one bit set: always the count is w * x + 1. So one VPTERNLOG makes
/// (bits & keep) ^ flip of two words of x.
namespace lowbit {
namespace {

constexpr int64_t kPopcountRows = 8, kPopcountPanels = 64;  ///< of a task
constexpr int64_t kPopcountMacs = 4 * kParallelMacs;        ///< below, one thread

/// The columns of 64 successive bits: bit i of byte j of an output's word holds column 4 * (i / bits) + j of its line.
template <int bits>
struct BitColumns {
  alignas(64) uint8_t of[64] = {};
  constexpr BitColumns() {
    for (int i = 0; i < 64; ++i) {
      const int line = i / 32, byte = i % 32 / 8, field = i % 8 / bits;
      of[i] = static_cast<uint8_t>(line * (32 / bits) + field * kStepColumns + byte);
    }
  }
};

/// Two planes of words [row][line] (first and second bit plane, or what to keep and what to flip), with an even number
/// of lines.
struct BitRows {
  static constexpr int64_t kMostLines = kMaxColumns / 16;
  alignas(64) uint32_t words[2][kPopcountRows * kMostLines];
  int64_t lines;
  int32_t sums[kPopcountRows];  ///< of u

  void set(int64_t row, int64_t line, uint64_t first, uint64_t second) {
    std::memcpy(words[0] + row * lines + line, &first, sizeof first);
    std::memcpy(words[1] + row * lines + line, &second, sizeof second);
  }
};

template <int bits>
void pack_row(const QGemmArgs& a, const int8_t* x, int64_t row, BitRows& to) {
  constexpr int64_t kColumns = 64 / bits;  // of two lines
  static constexpr BitColumns<bits> kBits;
  const __m512i columns = _mm512_load_si512(kBits.of);
  const __m512i one = _mm512_set1_epi8(1), lowest = _mm512_set1_epi8(static_cast<char>(-a.x_codes.bias));
  int64_t sum = 0;
  for (int64_t k = 0; k < a.k; k += kColumns) {
    const int64_t count = min(kColumns, a.k - k);
    const __mmask64 inside = count == 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
    const __m512i codes = _mm512_permutexvar_epi8(columns, _mm512_mask_loadu_epi8(lowest, inside, x + k));
    if constexpr (bits == 1) {
      const uint64_t first = _mm512_cmpgt_epi8_mask(codes, lowest);
      const uint64_t second = a.x_codes.bits == 1 ? 0 : _mm512_cmpgt_epi8_mask(codes, _mm512_add_epi8(lowest, one));
      sum += _mm_popcnt_u64(first) + _mm_popcnt_u64(second);
      to.set(row, k / 32, first, second);
    } else {
      // Codes 0, 1, 2 count as -1, 0, 1. Columns beyond the matrix count nothing.
      const __m512i centred = a.x_codes.bits == 2 && a.x_codes.bias == 0 ? _mm512_sub_epi8(codes, one) : codes;
      const __mmask64 valid = _mm512_cmplt_epu8_mask(columns, _mm512_set1_epi8(static_cast<char>(count)));
      const __mmask64 nonzero = _mm512_test_epi8_mask(centred, centred);
      to.set(row, k / 16, nonzero & valid, (_mm512_movepi8_mask(centred) | (~nonzero & 0x5555555555555555u)) & valid);
    }
  }
  to.sums[row] = static_cast<int32_t>(sum);
}

/// `at` counts rows from `task_row`, the first one in x.
template <int bits, int rows, int panels, int planes>
void popcount_tile(const QGemmArgs& a, const BitRows& x, int64_t task_row, TileAt at) {
  const int64_t lines = lines_of(a), panel_bytes = lines * kLineBytes;
  const uint8_t* w = a.panels + at.panel * panel_bytes;
  const uint32_t *first = x.words[0] + at.row * x.lines, *second = x.words[1] + at.row * x.lines;
  __m512i counts[rows][panels];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < panels; ++p) counts[r][p] = _mm512_setzero_si512();
  for (int64_t i = 0; i < lines; ++i) {
    __m512i line[panels];
#pragma GCC unroll 8
    for (int p = 0; p < panels; ++p) {
      line[p] = _mm512_loadu_si512(w + p * panel_bytes + i * kLineBytes);
      prefetch(w + (p + panels) * panel_bytes + i * kLineBytes);
      if constexpr (bits == 2)  // 10 to 11: line | (line >> 1 & 01)
        line[p] = _mm512_ternarylogic_epi32(line[p], _mm512_srli_epi32(line[p], 1), _mm512_set1_epi8(0x55), 0xf8);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const __m512i x0 = broadcast4(first + r * x.lines + i), x1 = broadcast4(second + r * x.lines + i);
#pragma GCC unroll 8
      for (int p = 0; p < panels; ++p) {
        const __m512i hits = bits == 1 ? _mm512_and_si512(line[p], x0)
                                       : _mm512_ternarylogic_epi32(line[p], x0, x1, 0x6a);  // (line & x0) ^ x1
        counts[r][p] = _mm512_add_epi32(counts[r][p], _mm512_popcnt_epi32(hits));
        if constexpr (planes == 2 && bits == 1)
          counts[r][p] = _mm512_add_epi32(counts[r][p], _mm512_popcnt_epi32(_mm512_and_si512(line[p], x1)));
      }
    }
  }
  const InputCodes codes = a.x_codes;
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < panels; ++p) {
      // Of w * (u << shift) with w = 2 * bit - 1, or of w * centred + 1; then what x was moved by, times the sum of w.
      const __m512i dot = bits == 1 ? _mm512_slli_epi32(_mm512_sub_epi32(_mm512_slli_epi32(counts[r][p], 1),
                                                                         _mm512_set1_epi32(x.sums[at.row + r])),
                                                        static_cast<unsigned>(codes.shift))
                                    : _mm512_sub_epi32(counts[r][p], _mm512_set1_epi32(static_cast<int32_t>(a.k)));
      const int32_t moved = bits == 1 ? -codes.bias : codes.bits == 2 && codes.bias == 0 ? 1 : 0;
      store_outputs(a, task_row + at.row + r, at.panel + p, dot, moved);
    }
}

template <int bits, int planes>
void popcount_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  constexpr int kTileRows = 4, kTilePanels = 4;
  BitRows x;
  x.lines = div_up(a.k, 64 / bits) * 2;
  for (int64_t r = 0; r < rows; ++r) pack_row<bits>(a, a.x + (row + r) * a.k, r, x);
  for (int64_t r = 0; r < rows; r += kTileRows)
    with_constant<kTileRows>(min(kTileRows, rows - r), [&](auto height) {
      int64_t p = 0;
      for (; p + kTilePanels <= panels; p += kTilePanels)
        popcount_tile<bits, decltype(height)::value, kTilePanels, planes>(a, x, row, {r, panel + p});
      for (; p < panels; ++p) popcount_tile<bits, decltype(height)::value, 1, planes>(a, x, row, {r, panel + p});
    });
}

template <int bits>
void popcount_gemm(const QGemmArgs& a) {
  if (bits == 1 && a.x_codes.bits == 1)
    for_tasks(a, kPopcountMacs, kPopcountRows, kPopcountPanels, popcount_task<bits, 1>);
  else
    for_tasks(a, kPopcountMacs, kPopcountRows, kPopcountPanels, popcount_task<bits, 2>);
}

}  // namespace
}  // namespace lowbit
