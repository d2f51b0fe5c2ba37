#pragma once

#include "core/kernels/cpu/special/qgemm_tiles.h"

/// Any x times binary weights, by tables: five or six bits of weights select one of the 32 or 64 sums that as many
/// codes of x can make, and VPERMW or VPERMI2W looks up 32 int16 sums at once, where VPDPBUSD would add 64 products.
///
/// A register of a group of panels (qgemm.h) has half of the 32 bits that a line holds of each of 32 outputs. Of a
/// 16-bit lane, bits 0-4, 5-9 and 10-15 are indices (both instructions ignore the bits above theirs), which multiplying
/// by a power of two moves down: like a shift, but not on the ports of the look-ups, of which there is one a cycle. The
/// halves of a group share the loads of a table.
/// An int16 sum holds 256 columns: 256 * -128 is the lowest int16. Then it is widened.
namespace lowbit {
namespace {

constexpr int64_t kLookupColumns = 256, kPairColumns = 64;  ///< of a pair of lines, for which tables are made at once
constexpr int kHalfTables = 4;                              ///< registers of half a line: two, and one of 64 sums
constexpr int kPairTables = 4 * kHalfTables, kPairIndices = 4 * 3;
constexpr int64_t kLookupTables = kLookupColumns / kPairColumns * kPairTables;
constexpr int64_t kLookupRows = 4, kLookupPanels = 128;  ///< of a task
constexpr int64_t kLookupAhead = 2;                      ///< groups from a look-up to its prefetch
constexpr int64_t kLookupMacs = 2 * kParallelMacs;       ///< below, one thread
constexpr int64_t kGroupLine = kGroupPanels * kLineBytes;

using Tables = __m512i[kLookupTables];

/// The column of 64 that a bit of a half of an output's word stands for; half 0..3: lower, upper, and of the next line.
constexpr uint8_t column_of(int half, int bit) {
  return static_cast<uint8_t>(half / 2 * 32 + bit % 8 * 4 + half % 2 * 2 + bit / 8);
}

/// Which columns feed the tables of a pair of lines. Bits 0, 1, 3, 4 of an index go to the bytes of a word for
/// VPDPBUSD, bit 2 to an addend, bit 5 of the third index of a half to another.
struct IndexColumns {
  alignas(64) uint8_t words[64] = {}, addends[64] = {};
  alignas(64) uint8_t selected[64] = {};  ///< of a word by lane i of 16: index bits 0, 1 in i % 4 and 3, 4 in i / 4
  constexpr IndexColumns() {
    for (int i = 0; i < 64; ++i) selected[i] = static_cast<uint8_t>(i / 4 >> i % 4 & 1);
    for (int t = 0; t < kPairIndices; ++t) {
      const int half = t / 3, first = t % 3 * 5;
      for (int i = 0; i < 4; ++i) words[4 * t + i] = column_of(half, first + (i < 2 ? i : i + 1));
      addends[t] = column_of(half, first + 2);
    }
    for (int half = 0; half < 4; ++half) addends[kPairIndices + half] = column_of(half, 15);
  }
};

/// Tables of 256 columns of a row, of which `columns` exist: entry i is the sum that index i selects.
inline void make_tables(const int8_t* x, int64_t columns, Tables& tables) {
  static constexpr IndexColumns kFrom;
  const __m512i bits = _mm512_load_si512(kFrom.selected);
  const int64_t pairs = div_up(columns, kPairColumns);
  alignas(64) int32_t words[kLookupColumns / kPairColumns][16], addends[kLookupColumns / kPairColumns][16];
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const int64_t left = columns - pair * kPairColumns;
    const __mmask64 inside = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __m512i codes = _mm512_maskz_loadu_epi8(inside, x + pair * kPairColumns);
    const __m512i fours = _mm512_permutexvar_epi8(_mm512_load_si512(kFrom.words), codes);
    const __m512i others = _mm512_permutexvar_epi8(_mm512_load_si512(kFrom.addends), codes);
    _mm512_store_si512(words[pair], fours);
    _mm512_store_si512(addends[pair], _mm512_cvtepi8_epi32(_mm512_castsi512_si128(others)));
  }
  for (int64_t pair = 0; pair < pairs; ++pair)
    for (int half = 0; half < 4; ++half) {
      __m512i* table = tables + pair * kPairTables + half * kHalfTables;
      for (int i = 0; i < 3; ++i) {
        const int t = half * 3 + i;
        const __m512i without = _mm512_dpbusd_epi32(_mm512_setzero_si512(), bits, _mm512_set1_epi32(words[pair][t]));
        const __m512i with = _mm512_add_epi32(without, _mm512_set1_epi32(addends[pair][t]));
        table[i] = _mm512_packs_epi32(without, with);  // interleaves groups of four lanes
      }
      const auto last = static_cast<int16_t>(addends[pair][kPairIndices + half]);
      table[3] = _mm512_add_epi16(table[2], _mm512_set1_epi16(last));
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

/// sums[row][half of the group] += look-ups of the lines [0, lines) at w.
template <int rows>
[[gnu::always_inline]] inline void look_up_lines(const __m512i* table, const uint8_t* w, int64_t lines,
                                                 __m512i (&sums)[rows][2]) {
  const __m512i by5 = _mm512_set1_epi16(1 << 11), by10 = _mm512_set1_epi16(1 << 6);
  for (int64_t i = 0; i < lines; ++i, table += 2 * kHalfTables, w += kGroupLine)
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const uint8_t* from = w + half * kLineBytes;
      __m512i bits[2] = {_mm512_loadu_si512(from), _mm512_loadu_si512(from + 2 * kLineBytes)};
      for (__m512i& lanes : bits) __asm__("" : "+v"(lanes));  // one load, not an operand of each use
      const __m512i middle[2] = {_mm512_mulhi_epu16(bits[0], by5), _mm512_mulhi_epu16(bits[1], by5)};
      const __m512i top[2] = {_mm512_mulhi_epu16(bits[0], by10), _mm512_mulhi_epu16(bits[1], by10)};
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        const __m512i* of_row = table + r * kLookupTables + half * kHalfTables;
        __m512i t[kHalfTables] = {of_row[0], of_row[1], of_row[2], of_row[3]};
        for (__m512i& values : t) __asm__("" : "+v"(values));
#pragma GCC unroll 2
        for (int p = 0; p < 2; ++p) {
          sums[r][p] = add16<rows>(sums[r][p], _mm512_permutexvar_epi16(bits[p], t[0]));
          sums[r][p] = add16<rows>(sums[r][p], _mm512_permutexvar_epi16(middle[p], t[1]));
          __m512i index = top[p];  // overwritten, where the intrinsic would copy a table
          __asm__("vpermi2w %2, %1, %0" : "+v"(index) : "v"(t[2]), "v"(t[3]));
          sums[r][p] = add16<rows>(sums[r][p], index);
        }
      }
    }
}

/// acc[row][panel] += sums of `lines` lines of the group at w; tables are [spans][rows].
template <int rows>
void look_up(const Tables* tables, const uint8_t* w, int64_t lines, int32_t* acc, int64_t acc_stride) {
  constexpr int64_t kSpanLines = kLookupColumns / 32;
  const __m512i even = _mm512_set1_epi32(1), odd = _mm512_set1_epi32(1 << 16);
  __m512i wide[rows][kGroupPanels];
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 4
    for (int p = 0; p < kGroupPanels; ++p) wide[r][p] = _mm512_load_si512(acc + r * acc_stride + p * kPanelRows);
  for (; lines > 0; lines -= kSpanLines, tables += rows, w += kSpanLines * kGroupLine) {
    __m512i sums[rows][2];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) sums[r][0] = sums[r][1] = _mm512_setzero_si512();
    look_up_lines<rows>(tables[0], w, min(kSpanLines, lines), sums);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 4
      for (int p = 0; p < kGroupPanels; ++p)
        wide[r][p] = _mm512_dpwssd_epi32(wide[r][p], sums[r][p / 2], p % 2 ? odd : even);
  }
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 4
    for (int p = 0; p < kGroupPanels; ++p) _mm512_store_si512(acc + r * acc_stride + p * kPanelRows, wide[r][p]);
}

inline void lookup_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  constexpr int64_t kStride = kLookupPanels * kPanelRows;
  alignas(64) int32_t acc[kLookupRows * kStride];
  Tables tables[kLookupRows];  // [spans][rows]
  const int64_t groups = div_up(panels, kGroupPanels), group_bytes = a.layout.lines(a.k) * kGroupLine;
  const int64_t most_spans = kLookupRows / rows;  // as few visits of a panel as the L1 cache allows
  const int64_t visit = most_spans * kLookupColumns;
  for (int64_t r = 0; r < rows; ++r)
    std::memset(acc + r * kStride, 0, static_cast<size_t>(groups * kGroupPanels * kPanelRows) * sizeof(int32_t));
  for (int64_t k = 0; k < a.k; k += visit) {
    const int64_t columns = min(visit, a.k - k), lines = div_up(columns, 32), spans = div_up(columns, kLookupColumns);
    for (int64_t s = 0; s < spans; ++s)
      for (int64_t r = 0; r < rows; ++r)
        make_tables(a.x + (row + r) * a.k + k + s * kLookupColumns, min(kLookupColumns, columns - s * kLookupColumns),
                    tables[s * rows + r]);
    with_constant<kLookupRows>(rows, [&](auto height) {
      constexpr int kHeight = decltype(height)::value;
      const uint8_t* w = a.panels + panel / kGroupPanels * group_bytes + k / 32 * kGroupLine;
      for (int64_t g = 0; g < groups; ++g, w += group_bytes) {
        if (a.k > visit)  // otherwise groups follow each other, and the hardware sees it
          for (int64_t i = 0; i < lines * kGroupPanels; ++i) prefetch(w + kLookupAhead * group_bytes + i * kLineBytes);
        look_up<kHeight>(tables, w, lines, acc + g * kGroupPanels * kPanelRows, kStride);
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
