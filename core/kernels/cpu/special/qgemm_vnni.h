#pragma once

#include "core/kernels/cpu/special/qgemm_tiles.h"

/// Any x times any fields. A tile, some rows and one panel, reads packed lines and rows of x where they lie: a field is
/// unpacked in a register and feeds VPDPBUSD, which adds four products u * x to each of 16 int32 outputs, for every row
/// of the tile. Sums are exact: with u at most 255, |x| at most 128 and k at most 65536 they stay below 255 * 2^23 <
/// 2^31.
///
/// One panel, because then the weights are one stream of addresses, which the hardware follows at the speed of memory:
/// of two and more streams it loses track, and a token of decoding, which reads all weights once, takes twice the time.
namespace lowbit {
namespace {

template <int bits, int rows>
struct VnniTile {
  static constexpr int kFields = 8 / bits;
  static constexpr int64_t kColumns = kFields * kStepColumns;
  /// Few rows leave field f where it is in its byte, so that one AND unpacks it, and give it sums of its own, 2^(f *
  /// bits) times too large: below 2^31 as well, for the operand is still a byte.
  static constexpr bool kInPlace = bits < 8 && rows * kFields <= 12;
  /// Sums of an output: enough of them in a tile to hide the latency of VPDPBUSD.
  static constexpr int kEnough = rows == 1 ? 4 : rows < 4 ? 2 : 1;
  static constexpr int kSums = kInPlace && kFields > kEnough ? kFields : kEnough;
  static constexpr int kLines = kSums > kFields ? kSums / kFields : 1;  ///< that feed different sums
  /// Behind a tall tile, which reads slowly, the hardware does not run ahead far enough.
  static constexpr int64_t kAhead = rows > 4 ? 1024 : 0;
  using Sums = __m512i[rows][kSums];
  static constexpr int64_t kLineStride = bits == 1 ? kGroupPanels * kLineBytes : kLineBytes;

  /// A line of a panel; of a binary one, which lies in a group (qgemm.h), put together.
  static __m512i line_at(const uint8_t* w, bool odd) {
    if constexpr (bits > 1) return _mm512_loadu_si512(w);
    const __m512i low = _mm512_loadu_si512(w), high = _mm512_loadu_si512(w + kLineBytes);
    return odd ? _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(low, 16), high)
               : _mm512_mask_blend_epi16(0xaaaaaaaa, low, _mm512_slli_epi32(high, 16));
  }

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

  [[gnu::always_inline]] static void add_line(const uint8_t* w, bool odd, const int8_t* x, int64_t x_stride, int index,
                                              Sums& sums) {
    const __m512i line = line_at(w, odd);
    if constexpr (kAhead > 0) prefetch_near(w + kAhead);
#pragma GCC unroll 8
    for (int f = 0; f < kFields; ++f) {
      const __m512i u = field(line, f);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        __m512i& sum = sums[r][(index * kFields + f) % kSums];
        sum = _mm512_dpbusd_epi32(sum, u, broadcast4(x + r * x_stride + f * kStepColumns));
      }
    }
  }

  static void run(const QGemmArgs& a, TileAt at, const int32_t* x_sums) {
    const int64_t lines = a.layout.lines(a.k), whole = a.k / kColumns;
    constexpr int64_t kOfGroup = kLineStride / kLineBytes;
    const int64_t of_group = at.panel % kOfGroup;
    const bool odd = of_group % 2 != 0;
    const uint8_t* w = a.panels + (at.panel / kOfGroup * lines * kOfGroup + of_group / 2 * 2) * kLineBytes;
    const int8_t* x = a.x + at.row * a.k;
    Sums sums;
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
      for (int s = 0; s < kSums; ++s) sums[r][s] = _mm512_setzero_si512();
    int64_t i = 0;
    for (; i + kLines <= whole; i += kLines)
#pragma GCC unroll 8
      for (int l = 0; l < kLines; ++l) add_line(w + (i + l) * kLineStride, odd, x + (i + l) * kColumns, a.k, l, sums);
    for (; i < whole; ++i) add_line(w + i * kLineStride, odd, x + i * kColumns, a.k, 0, sums);
    if (whole < lines) {
      int8_t tail[rows][kColumns] = {};
      for (int r = 0; r < rows; ++r)
        std::memcpy(tail[r], x + r * a.k + whole * kColumns, static_cast<size_t>(a.k - whole * kColumns));
      add_line(w + whole * kLineStride, odd, tail[0], kColumns, 0, sums);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      __m512i sum = _mm512_setzero_si512();
#pragma GCC unroll 8
      for (int s = 0; s < kSums; ++s) {
        const auto shift = static_cast<unsigned>(kInPlace ? s % kFields * bits : 0);
        sum = _mm512_add_epi32(sum, _mm512_srai_epi32(sums[r][s], shift));
      }
      if constexpr (bits == 1) sum = _mm512_slli_epi32(sum, 1);  // the layout's shift; the others have none
      store_outputs(a, at.row + r, at.panel, _mm512_sub_epi32(sum, _mm512_set1_epi32(a.layout.bias * x_sums[r])));
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
      for (int64_t p = 0; p < panels; ++p)
        VnniTile<bits, decltype(height)::value>::run(a, {row + r, panel + p}, x_sums + r);
    });
}

template <int bits>
void vnni_gemm(const QGemmArgs& a) {
  for_tasks(a, kParallelMacs, kBlockRows, kTaskPanels, vnni_task<bits>);
}

}  // namespace
}  // namespace lowbit
