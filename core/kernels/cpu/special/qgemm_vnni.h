#pragma once

#include "core/kernels/cpu/special/qgemm_tiles.h"

/// Any x times fields of 2, 4 or 8 bits, whose codes are field - bias (only binary ones have a shift). A tile reads
/// packed lines and rows of x where they lie: a field is unpacked in a register and feeds VPDPBUSD, which adds four
/// products u * x to each of 16 int32 outputs, for every row of the tile. Sums are exact: u <= 255, |x| <= 128 and k <=
/// 65536 keep them below 255 * 2^23 < 2^31.
namespace lowbit {
namespace {

/// Panels of a tile of some rows: enough sums to hide the latency of VPDPBUSD and to share what is read of x.
constexpr int tile_panels(int bits, int rows) {
  if (rows == 1) return bits == 2 ? 2 : 4;
  return rows == 2 ? 4 : rows <= 4 ? 3 : 2;
}

template <int bits, int rows, int panels>
struct VnniTile {
  static constexpr int kFields = 8 / bits;
  static constexpr int64_t kColumns = kFields * kStepColumns;
  /// One row leaves field f where it is in its byte, so that one AND unpacks it, and gives it sums of its own, 2^(f *
  /// bits) times too large: below 2^31 as well, for the operand is still a byte.
  static constexpr bool kInPlace = bits < 8 && rows == 1;
  static constexpr int kSums = kInPlace ? kFields : 1;
  using Sums = __m512i[rows][panels][kSums];

  static __m512i field(__m512i line, int f) {
    if constexpr (bits == 8) {
      return line;
    } else if constexpr (kInPlace) {
      return _mm512_and_si512(line, _mm512_set1_epi8(static_cast<char>(((1 << bits) - 1) << (f * bits))));
    } else {
      const __m512i lowest = _mm512_srli_epi16(line, static_cast<unsigned>(f * bits));
      return _mm512_and_si512(lowest, _mm512_set1_epi8((1 << bits) - 1));
    }
  }

  [[gnu::always_inline]] static void add_line(const uint8_t* w, int64_t panel_bytes, const int8_t* x, int64_t x_stride,
                                              Sums& sums) {
    __m512i line[panels];
#pragma GCC unroll 8
    for (int p = 0; p < panels; ++p) line[p] = _mm512_loadu_si512(w + p * panel_bytes);
#pragma GCC unroll 8
    for (int f = 0; f < kFields; ++f) {
      __m512i u[panels];
#pragma GCC unroll 8
      for (int p = 0; p < panels; ++p) u[p] = field(line[p], f);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const __m512i xs = broadcast4(x + r * x_stride + f * kStepColumns);
#pragma GCC unroll 8
        for (int p = 0; p < panels; ++p) {
          __m512i& sum = sums[r][p][kInPlace ? f : 0];
          sum = _mm512_dpbusd_epi32(sum, u[p], xs);
        }
      }
    }
  }

  static void run(const QGemmArgs& a, TileAt at, const int32_t* x_sums) {
    const int64_t lines = lines_of(a), whole = a.k / kColumns, panel_bytes = lines * kLineBytes;
    const uint8_t* w = a.panels + at.panel * panel_bytes;
    const int8_t* x = a.x + at.row * a.k;
    Sums sums;
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < panels; ++p)
#pragma GCC unroll 8
        for (int f = 0; f < kSums; ++f) sums[r][p][f] = _mm512_setzero_si512();
    for (int64_t i = 0; i < whole; ++i) add_line(w + i * kLineBytes, panel_bytes, x + i * kColumns, a.k, sums);
    if (whole < lines) {
      int8_t tail[rows][kColumns] = {};
      for (int r = 0; r < rows; ++r)
        std::memcpy(tail[r], x + r * a.k + whole * kColumns, static_cast<size_t>(a.k - whole * kColumns));
      add_line(w + whole * kLineBytes, panel_bytes, tail[0], kColumns, sums);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < panels; ++p) {
        __m512i dot = _mm512_set1_epi32(-a.layout.bias * x_sums[r]);
#pragma GCC unroll 8
        for (int f = 0; f < kSums; ++f)
          dot = _mm512_add_epi32(dot, _mm512_srai_epi32(sums[r][p][f], static_cast<unsigned>(f * bits)));
        store_outputs(a, at.row + r, at.panel + p, dot);
      }
  }
};

template <int bits>
void vnni_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  constexpr int kTileRows = 8;
  int32_t x_sums[kBlockRows];
  for (int64_t r = 0; r < rows; ++r) x_sums[r] = row_sum(a.x + (row + r) * a.k, a.k);
  for (int64_t r = 0; r < rows; r += kTileRows)
    with_constant<kTileRows>(min(kTileRows, rows - r), [&](auto height) {
      constexpr int kHeight = decltype(height)::value, kWidth = tile_panels(bits, kHeight);
      int64_t p = 0;
      for (; p + kWidth <= panels; p += kWidth)
        VnniTile<bits, kHeight, kWidth>::run(a, {row + r, panel + p}, x_sums + r);
      for (; p < panels; ++p) VnniTile<bits, kHeight, 1>::run(a, {row + r, panel + p}, x_sums + r);
    });
}

template <int bits>
void vnni_gemm(const QGemmArgs& a) {
  for_tasks(a, kParallelMacs, kBlockRows, kTaskPanels, vnni_task<bits>);
}

}  // namespace
}  // namespace lowbit
