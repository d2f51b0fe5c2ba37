#pragma once

#include "core/kernels/cpu/special/qgemm_tiles.h"

/// Codes of at most 2 bits times fields of 1 or 2 bits: rows of x become words in the order of the bits of a line, and
/// VPOPCNT counts the matching bits of every output.
///
/// Binary weights: a bit of the line is (w + 1) / 2, and a bit plane of x selects some. x of 2 bits has two planes,
/// field >= 1 and field >= 2, whose sum is the field. A register has half a line of 32 outputs in 16-bit lanes
/// (qgemm.h), so half a word of x stands twice in each word here.
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

/// Two planes of words [row][word] (first and second bit plane, or what to keep and what to flip): of 64 bits of x two,
/// or four that hold 16 bits twice.
struct BitRows {
  static constexpr int64_t kMostWords = kMaxColumns / 16;
  alignas(64) uint32_t words[2][kPopcountRows * kMostWords];
  int64_t row_words;
  int32_t sums[kPopcountRows];  ///< of u

  void set(int plane, int64_t row, int64_t word, uint64_t bits) {
    std::memcpy(words[plane] + row * row_words + word, &bits, sizeof bits);
  }
  void set_twice(int plane, int64_t row, int64_t word, uint64_t bits) {
    const __m128i halves = _mm_cvtsi64_si128(static_cast<int64_t>(bits));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(words[plane] + row * row_words + word),
                     _mm_unpacklo_epi16(halves, halves));
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
      to.set_twice(0, row, k / 16, first);
      to.set_twice(1, row, k / 16, second);
    } else {
      // Codes 0, 1, 2 count as -1, 0, 1. Columns beyond the matrix count nothing.
      const __m512i centred = a.x_codes.bits == 2 && a.x_codes.bias == 0 ? _mm512_sub_epi8(codes, one) : codes;
      const __mmask64 valid = _mm512_cmplt_epu8_mask(columns, _mm512_set1_epi8(static_cast<char>(count)));
      const __mmask64 nonzero = _mm512_test_epi8_mask(centred, centred);
      to.set(0, row, k / 16, nonzero & valid);
      to.set(1, row, k / 16, (_mm512_movepi8_mask(centred) | (~nonzero & 0x5555555555555555u)) & valid);
    }
  }
  to.sums[row] = static_cast<int32_t>(sum);
}

/// Binary weights of one group of panels. `at` counts rows from `task_row`, the first one in x.
template <int rows, int planes>
void binary_tile(const QGemmArgs& a, const BitRows& x, int64_t task_row, TileAt at) {
  constexpr int kHalves = 2;
  constexpr int64_t kExactLines = 1023;  ///< 32 bits of each plane: their sum stays below 2^16
  const int64_t lines = a.layout.lines(a.k);
  const uint8_t* w = a.panels + at.panel * lines * kLineBytes;
  int32_t counts[rows][kGroupPanels][kPanelRows] = {};
  for (int64_t begin = 0; begin < lines; begin += kExactLines) {
    const int64_t end = min(lines, begin + kExactLines);
    __m512i sums[rows][kHalves];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sums[r][0] = sums[r][1] = _mm512_setzero_si512();
    for (int64_t i = begin; i < end; ++i)
#pragma GCC unroll 2
      for (int half = 0; half < kHalves; ++half) {  // of the line
        const __m512i first = _mm512_loadu_si512(w + (4 * i + half) * kLineBytes);
        const __m512i second = _mm512_loadu_si512(w + (4 * i + half + 2) * kLineBytes);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
          for (int plane = 0; plane < planes; ++plane) {
            const __m512i bits = broadcast4(x.words[plane] + (at.row + r) * x.row_words + 2 * i + half);
            sums[r][0] = _mm512_add_epi16(sums[r][0], _mm512_popcnt_epi16(_mm512_and_si512(first, bits)));
            sums[r][1] = _mm512_add_epi16(sums[r][1], _mm512_popcnt_epi16(_mm512_and_si512(second, bits)));
          }
      }
    for (int r = 0; r < rows; ++r)
      for (int p = 0; p < kGroupPanels; ++p) {
        const __m512i pair = sums[r][p / 2];
        const __m512i lanes = p % 2 ? _mm512_srli_epi32(pair, 16) : _mm512_and_si512(pair, _mm512_set1_epi32(0xffff));
        int32_t* to = counts[r][p];
        _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), lanes));
      }
  }
  const int64_t panels = min(kGroupPanels, div_up(a.n, kPanelRows) - at.panel);
  for (int r = 0; r < rows; ++r)
    for (int64_t p = 0; p < panels; ++p) {  // w * (u << shift) with w = 2 * bit - 1; then what x was moved by
      const __m512i twice = _mm512_slli_epi32(_mm512_loadu_si512(counts[r][p]), 1);
      const __m512i dot = _mm512_slli_epi32(_mm512_sub_epi32(twice, _mm512_set1_epi32(x.sums[at.row + r])),
                                            static_cast<unsigned>(a.x_codes.shift));
      store_outputs(a, task_row + at.row + r, at.panel + p, dot, -a.x_codes.bias);
    }
}

/// Ternary weights of some panels.
template <int rows, int panels>
void ternary_tile(const QGemmArgs& a, const BitRows& x, int64_t task_row, TileAt at) {
  const int64_t lines = a.layout.lines(a.k), panel_bytes = lines * kLineBytes;
  const uint8_t* w = a.panels + at.panel * panel_bytes;
  const uint32_t *keep = x.words[0] + at.row * x.row_words, *flip = x.words[1] + at.row * x.row_words;
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
      // 10 to 11: line | (line >> 1 & 01)
      line[p] = _mm512_ternarylogic_epi32(line[p], _mm512_srli_epi32(line[p], 1), _mm512_set1_epi8(0x55), 0xf8);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const __m512i x0 = broadcast4(keep + r * x.row_words + i), x1 = broadcast4(flip + r * x.row_words + i);
#pragma GCC unroll 8
      for (int p = 0; p < panels; ++p) {
        const __m512i hits = _mm512_ternarylogic_epi32(line[p], x0, x1, 0x6a);  // (line & x0) ^ x1
        counts[r][p] = _mm512_add_epi32(counts[r][p], _mm512_popcnt_epi32(hits));
      }
    }
  }
  const int32_t moved = a.x_codes.bits == 2 && a.x_codes.bias == 0 ? 1 : 0;
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int p = 0; p < panels; ++p)  // w * centred + 1; then what x was moved by
      store_outputs(a, task_row + at.row + r, at.panel + p,
                    _mm512_sub_epi32(counts[r][p], _mm512_set1_epi32(static_cast<int32_t>(a.k))), moved);
}

/// pack_row for the rows of a task; then tile(height, row, x) for tiles of up to four of them.
template <int bits, class Tile>
void popcount_rows(const QGemmArgs& a, int64_t row, int64_t rows, Tile tile) {
  constexpr int kTileRows = 4;
  BitRows x;
  x.row_words = div_up(a.k, 64 / bits) * (bits == 1 ? 4 : 2);
  for (int64_t r = 0; r < rows; ++r) pack_row<bits>(a, a.x + (row + r) * a.k, r, x);
  for (int64_t r = 0; r < rows; r += kTileRows)
    with_constant<kTileRows>(min(kTileRows, rows - r), [&](auto height) { tile(height, r, x); });
}

template <int planes>
void binary_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  popcount_rows<1>(a, row, rows, [&](auto height, int64_t r, const BitRows& x) {
    for (int64_t p = 0; p < panels; p += kGroupPanels)
      binary_tile<decltype(height)::value, planes>(a, x, row, {r, panel + p});
  });
}

inline void ternary_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  constexpr int kTilePanels = 4;
  popcount_rows<2>(a, row, rows, [&](auto height, int64_t r, const BitRows& x) {
    constexpr int kHeight = decltype(height)::value;
    int64_t p = 0;
    for (; p + kTilePanels <= panels; p += kTilePanels) ternary_tile<kHeight, kTilePanels>(a, x, row, {r, panel + p});
    for (; p < panels; ++p) ternary_tile<kHeight, 1>(a, x, row, {r, panel + p});
  });
}

inline void popcount_gemm(const QGemmArgs& a) {
  const auto task = a.layout.bits == 2 ? ternary_task : a.x_codes.bits == 1 ? binary_task<1> : binary_task<2>;
  for_tasks(a, kPopcountMacs, kPopcountRows, kPopcountPanels, task);
}

}  // namespace
}  // namespace lowbit
