#pragma once

#include "core/kernels/cpu/special/qgemm_tiles.h"

/// Any x times binary weights, by tables: five bits of weights select one of the 32 sums that five codes of x can make,
/// and VPERMW looks up 32 int16 sums at once, where VPDPBUSD would add 64 products.
///
/// A line holds 32 bits of each of 16 outputs. Two panels give two registers of 16-bit lanes for 32 outputs: `low`,
/// with the lower 16 bits of the outputs of the first panel in the even lanes and those of the second in the odd ones,
/// and `high`. Of a lane, bits 0-4, 5-9 and 10-14 are indices (VPERMW ignores the bits above), and bits 15 of the four
/// registers of two lines make a last one. So two lines, 64 columns, take 13 tables.
/// The last panel of an odd number stands in for its missing partner, whose sums are dropped.
/// An int16 sum holds 256 columns: 256 * -128 is the lowest int16. Then it is widened.
namespace lowbit {
namespace {

constexpr int64_t kLookupColumns = 256, kPairColumns = 64, kPairTables = 13;
constexpr int64_t kLookupTables = kLookupColumns / kPairColumns * kPairTables;
constexpr int64_t kLookupRows = 4, kLookupPanels = 128;  ///< of a task
constexpr int64_t kLookupAhead = 8;                      ///< panels from a look-up to its prefetch
constexpr int64_t kLookupMacs = 2 * kParallelMacs;       ///< below, one thread

/// tables[t] holds the sums of table t at the int16 lane that is its index.
using Tables = __m512i[kLookupTables];

/// The column of 64 that bit b of the index of a table stands for; 64 for none.
constexpr int index_column(int table, int b) {
  constexpr auto column = [](int line, int high, int bit) {  // of the bit of a 16-bit half of an output's word
    return line * 32 + bit % 8 * 4 + high * 2 + bit / 8;
  };
  if (table < 12) return column(table / 6, table / 3 % 2, table % 3 * 5 + b);
  return b < 4 ? column(1 - b / 2, 1 - b % 2, 15) : 64;
}

/// Which columns feed the tables of a pair of lines. Index bits 0, 1, 3, 4 go to the bytes of a word for VPDPBUSD, bit
/// 2 to an addend.
struct IndexColumns {
  alignas(64) uint8_t words[64] = {}, addends[64] = {};
  alignas(
      64) uint8_t selected[64] = {};  ///< of a word by lane i of 16, with index bits 0, 1 in i % 4 and 3, 4 in i / 4
  uint64_t word_mask = 0;
  constexpr IndexColumns() {
    for (int i = 0; i < 64; ++i) selected[i] = static_cast<uint8_t>(i / 4 >> i % 4 & 1);
    for (int t = 0; t < kPairTables; ++t) {
      for (int i = 0; i < 4; ++i) {
        const int column = index_column(t, i < 2 ? i : i + 1);
        words[4 * t + i] = static_cast<uint8_t>(column % 64);
        if (column < 64) word_mask |= uint64_t{1} << (4 * t + i);
      }
      addends[t] = static_cast<uint8_t>(index_column(t, 2));
    }
  }
};

/// Tables of 256 columns of a row, of which `columns` exist.
inline void make_tables(const int8_t* x, int64_t columns, Tables& tables) {
  static constexpr IndexColumns kFrom;
  const __m512i bits = _mm512_load_si512(kFrom.selected);
  const int64_t pairs = div_up(columns, kPairColumns);
  alignas(64) int32_t words[kLookupColumns / kPairColumns][16], addends[kLookupColumns / kPairColumns][16];
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const int64_t left = columns - pair * kPairColumns;
    const __mmask64 inside = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __m512i codes = _mm512_maskz_loadu_epi8(inside, x + pair * kPairColumns);
    const __m512i fours = _mm512_maskz_permutexvar_epi8(kFrom.word_mask, _mm512_load_si512(kFrom.words), codes);
    const __m512i fifths = _mm512_permutexvar_epi8(_mm512_load_si512(kFrom.addends), codes);
    _mm512_store_si512(words[pair], fours);
    _mm512_store_si512(addends[pair], _mm512_cvtepi8_epi32(_mm512_castsi512_si128(fifths)));
  }
  for (int64_t pair = 0; pair < pairs; ++pair)
    for (int t = 0; t < kPairTables; ++t) {
      const __m512i without = _mm512_dpbusd_epi32(_mm512_setzero_si512(), bits, _mm512_set1_epi32(words[pair][t]));
      const __m512i with = _mm512_add_epi32(without, _mm512_set1_epi32(addends[pair][t]));
      tables[pair * kPairTables + t] = _mm512_packs_epi32(without, with);  // interleaves groups of four lanes
    }
}

/// acc + x, for several rows in program order. Left alone, g++ 12 moves the look-ups of all rows to the front and
/// spills them.
template <int rows>
__m512i add16(__m512i acc, __m512i x) {
  if constexpr (rows == 1) return _mm512_add_epi16(acc, x);
  __asm__ volatile("vpaddw %1, %0, %0" : "+v"(acc) : "v"(x));
  return acc;
}

/// acc[row][0 and 1] += sums of `lines` lines of the panels at w0 and w1.
template <int rows>
void look_up(const Tables* tables, const uint8_t* w0, const uint8_t* w1, int64_t lines, int32_t* acc,
             int64_t acc_stride) {
  constexpr __mmask32 kOdd = 0xaaaaaaaa;
  const __m512i by5 = _mm512_set1_epi16(1 << 11), by10 = _mm512_set1_epi16(1 << 6);
  __m512i sums[rows];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) sums[r] = _mm512_setzero_si512();
  const __m512i* table = tables[0];
  const auto add = [&](__m512i index, int t) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)
      sums[r] = add16<rows>(sums[r], _mm512_permutexvar_epi16(index, table[r * kLookupTables + t]));
  };
  for (int64_t i = 0; i < lines; i += 2, table += kPairTables) {
    __m512i top = _mm512_setzero_si512();
#pragma GCC unroll 2
    for (int line = 0; line < 2; ++line) {
      const bool exists = i + line < lines;
      const __m512i first = exists ? _mm512_loadu_si512(w0 + (i + line) * kLineBytes) : _mm512_setzero_si512();
      const __m512i second = exists ? _mm512_loadu_si512(w1 + (i + line) * kLineBytes) : _mm512_setzero_si512();
      const __m512i low = _mm512_mask_blend_epi16(kOdd, first, _mm512_slli_epi32(second, 16));
      const __m512i high = _mm512_mask_blend_epi16(kOdd, _mm512_srli_epi32(first, 16), second);
      add(low, 6 * line);
      add(_mm512_mulhi_epu16(low, by5), 6 * line + 1);
      add(_mm512_mulhi_epu16(low, by10), 6 * line + 2);
      add(high, 6 * line + 3);
      add(_mm512_mulhi_epu16(high, by5), 6 * line + 4);
      add(_mm512_mulhi_epu16(high, by10), 6 * line + 5);
      top = _mm512_shldi_epi16(_mm512_shldi_epi16(top, low, 1), high, 1);
    }
    add(top, 12);
  }
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
    int32_t* to = acc + r * acc_stride;
    const __m512i even = _mm512_set1_epi32(1), odd = _mm512_set1_epi32(1 << 16);
    _mm512_store_si512(to, _mm512_dpwssd_epi32(_mm512_load_si512(to), sums[r], even));
    _mm512_store_si512(to + 16, _mm512_dpwssd_epi32(_mm512_load_si512(to + 16), sums[r], odd));
  }
}

/// Prefetches the lines of `panels` panels, `stride` bytes from one to the next.
inline void prefetch_panels(const uint8_t* w, int64_t stride, int64_t panels, int64_t lines) {
  for (int64_t p = 0; p < panels; ++p)
    for (int64_t i = 0; i < lines; ++i) prefetch(w + p * stride + i * kLineBytes);
}

inline void lookup_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  constexpr int64_t kStride = kLookupPanels * kPanelRows;
  alignas(64) int32_t acc[kLookupRows * kStride];
  Tables tables[kLookupRows];  // [spans][rows]
  const int64_t panel_bytes = lines_of(a) * kLineBytes, even = div_up(panels, 2) * 2;
  const int64_t most_spans = kLookupRows / rows;  // as few visits of a panel as the L1 cache allows
  for (int64_t r = 0; r < rows; ++r)
    std::memset(acc + r * kStride, 0, static_cast<size_t>(even * kPanelRows) * sizeof(int32_t));
  for (int64_t k = 0; k < a.k; k += most_spans * kLookupColumns) {
    const int64_t columns = min(most_spans * kLookupColumns, a.k - k), lines = div_up(columns, 32);
    const uint8_t* w = a.panels + panel * panel_bytes + k / 32 * kLineBytes;
    prefetch_panels(w, panel_bytes, kLookupAhead, lines);
    const int64_t spans = div_up(columns, kLookupColumns);
    for (int64_t s = 0; s < spans; ++s)
      for (int64_t r = 0; r < rows; ++r)
        make_tables(a.x + (row + r) * a.k + k + s * kLookupColumns, min(kLookupColumns, columns - s * kLookupColumns),
                    tables[s * rows + r]);
    with_constant<kLookupRows>(rows, [&](auto height) {
      constexpr int kHeight = decltype(height)::value;
      for (int64_t p = 0; p < panels; p += 2) {
        const uint8_t *first = w + p * panel_bytes, *second = w + min(p + 1, panels - 1) * panel_bytes;
        prefetch_panels(first + kLookupAhead * panel_bytes, panel_bytes, 2, lines);
        for (int64_t s = 0; s < spans; ++s) {
          const int64_t line = s * kLookupColumns / 32, at = line * kLineBytes;
          look_up<kHeight>(tables + s * kHeight, first + at, second + at, min(kLookupColumns / 32, lines - line),
                           acc + p * kPanelRows, kStride);
        }
      }
    });
  }
  for (int64_t r = 0; r < rows; ++r) {
    const __m512i x_sum = _mm512_set1_epi32(row_sum(a.x + (row + r) * a.k, a.k));
    for (int64_t p = 0; p < panels; ++p) {
      const __m512i sums = _mm512_load_si512(acc + r * kStride + p * kPanelRows);
      store_outputs(a, row + r, panel + p, _mm512_sub_epi32(_mm512_slli_epi32(sums, 1), x_sum));  // w = 2 * bit - 1
    }
  }
}

inline void lookup_gemm(const QGemmArgs& a) { for_tasks(a, kLookupMacs, kLookupRows, kLookupPanels, lookup_task); }

}  // namespace
}  // namespace lowbit
