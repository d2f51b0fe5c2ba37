#pragma once

#include <utility>

#include "core/kernels/cpu/special/qgemm_blocks.h"

/// Any x times any fields on a matrix unit: eight tile registers of 16 rows of 64 bytes. A block of 64 columns is one
/// tile of 16 rows of x and one of a panel, whose 16 steps are in the order that the unit wants (qgemm.h). Their
/// product is a tile of 16 rows by 16 outputs of int32, exact as in qgemm_vnni.h.
///
/// The unit is a template argument, so that the tests can run all of this on any machine:
///
///   struct Tiles {
///     static void configure(const TileShapes&);          zeros all tiles
///     static void release();                             no tile is used after it
///     template <int t> static void zero();
///     template <int t> static void load(const void* rows, int64_t stride);        bytes between rows
///     template <int t> static void load_far(const void* rows, int64_t stride);    of what lies in the L2 cache
///     template <int t> static void store(void* rows, int64_t stride);
///     template <int sums, int x, int w> static void multiply();                   sums += x (signed) * w (unsigned)
///   };
///
/// Up to 32 rows are one band, which meets each weight once: weights are unpacked two blocks before they are loaded. Of
/// more rows, those of a task meet weights that were unpacked once, into the L2 cache, band after band.
///
/// Its constants follow measurements on Sapphire and Emerald Rapids class cores. Internal linkage throughout (see
/// simd.h).
namespace lowbit {
namespace {

constexpr int64_t kTileRows = 16, kTileColumns = 64, kTileBytes = kTileRows * kTileColumns;
constexpr int64_t kBandRows = 2 * kTileRows;
constexpr int64_t kSpanBlocks = 16;                             ///< for which x is arranged at once: 32 KiB a band
constexpr int64_t kTiledRows = 16 * kBandRows;                  ///< of a task
constexpr int64_t kTiledPanels = 3 * kTaskPanels;               ///< of a task, at most
constexpr int64_t kSumStride = kTiledPanels * kPanelRows + 16;  ///< no power of two, whose rows would share cache sets
constexpr int64_t kL2Tiles = 768;                               ///< unpacked weights of a task: 768 KiB of 2 MiB
constexpr int64_t kMostTiles = kMaxColumns / kTileColumns;      ///< the same if they are of one panel
constexpr int64_t kTiledMacs = 4 * kParallelMacs;               ///< below, one thread
constexpr int kSumTiles = 0, kXTiles = 4, kWeightTiles = 6;     ///< the first tile of each kind

/// The operand of LDTILECFG (Intel SDM volume 1, "Programming with Intel AMX").
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64);

/// For a band of `rows`: tiles that hold rows of x or of sums are as tall as what is there.
inline TileShapes shapes_of(int64_t rows) {
  TileShapes shapes;
  for (int t = 0; t < 8; ++t) shapes.row_bytes[t] = kTileColumns, shapes.rows[t] = kTileRows;
  const bool two = rows > kTileRows;
  const auto last = static_cast<uint8_t>(two ? rows - kTileRows : rows);
  for (int t = two ? 2 : 0; t < 4; ++t) shapes.rows[kSumTiles + t] = last;
  shapes.rows[kXTiles + two] = last;
  return shapes;
}

/// Calls fn with std::integral_constant<int, i> for each i below count.
template <int count, class Fn>
[[gnu::always_inline]] inline void for_constants(Fn fn) {
  [&]<int... i>(std::integer_sequence<int, i...>) { (fn(std::integral_constant<int, i>{}), ...); }
  (std::make_integer_sequence<int, count>{});
}

/// Where the tiles of x lie for a band and a span: bytes to the next row, the next 16 rows, the next 64 columns.
struct TiledRows {
  const int8_t* at;
  int64_t row, tile, block;
};

/// Whether tiles may be loaded from x as it is: whole ones, whose rows do not all fall in the same few cache sets.
inline bool lies_in_tiles(const QGemmArgs& a) { return a.k % kTileColumns == 0 && a.k % 2048 != 0; }

/// Rows of a band from `column` on, as tiles [block][two], with zeros beyond the last column.
inline void arrange_rows(const QGemmArgs& a, int64_t row, int64_t rows, int64_t column, int64_t blocks, int8_t* tiles) {
  for (int64_t b = 0; b < blocks; ++b, tiles += 2 * kTileBytes, column += kTileColumns) {
    const int8_t* from = a.x + row * a.k + column;
    if (const int64_t columns = a.k - column; columns >= kTileColumns) {
      for (int64_t r = 0; r < rows; ++r) std::memcpy(tiles + r * kTileColumns, from + r * a.k, kTileColumns);
    } else {
      std::memset(tiles, 0, static_cast<size_t>(rows * kTileColumns));
      for (int64_t r = 0; r < rows; ++r)
        std::memcpy(tiles + r * kTileColumns, from + r * a.k, static_cast<size_t>(columns));
    }
  }
}

/// A block of a panel: in scratch or, of bytes that are all there, where it lies.
template <int bits>
const uint8_t* weight_tile(const QGemmArgs& a, int64_t panel, int64_t block, uint8_t* scratch) {
  constexpr WeightLayout kLayout{bits, 0, 0};  // spares divisions by what it says
  constexpr int64_t kPlanes = 8 / bits, kSteps = kTileColumns / kStepColumns, kLines = kSteps / kPlanes;
  const int64_t all_lines = kLayout.lines(a.k), first = block * kLines, lines = min(kLines, all_lines - first);
  if (bits == 8 && lines == kLines) return panel_lines(a.panels, kLayout, all_lines, panel, first, lines, scratch);
  alignas(64) uint8_t line_scratch[kSteps / 8 * kLineBytes];
  const uint8_t* packed = panel_lines(a.panels, kLayout, all_lines, panel, first, lines, line_scratch);
  const int64_t steps = lines * kPlanes;
  const uint8_t* fields = unpack(packed, kLayout, steps, scratch);
  if (fields != scratch) std::memcpy(scratch, fields, static_cast<size_t>(steps * kLineBytes));
  if (steps < kSteps) std::memset(scratch + steps * kLineBytes, 0, static_cast<size_t>((kSteps - steps) * kLineBytes));
  return scratch;
}

/// Weights of all columns of a task's panels, unpacked before.
struct UnpackedWeights {
  static constexpr bool kFar = true;
  static constexpr int64_t kAhead = 0;
  const uint8_t* const* tiles;  // [panel][block]
  int64_t blocks;
  const uint8_t* const* from = nullptr;

  void start(int64_t panel, int, int64_t block, int64_t) { from = tiles + panel * blocks + block; }
  void prepare(int64_t) {}
  const uint8_t* tile(int panel, int64_t block) const { return from[panel * blocks + block]; }
};

/// Weights of up to four panels, unpacked a little before they are used: what a store has just written is slow to load.
template <int bits>
struct WeightRing {
  static constexpr bool kFar = false;
  static constexpr int64_t kAhead = 2, kSlots = 4;
  const QGemmArgs& a;
  int64_t task_panel;  // the first of the task
  int64_t panel = 0, block = 0, blocks = 0;
  int panels = 0;
  const uint8_t* tiles[kSlots][4];
  alignas(64) uint8_t bytes[kSlots][4][kTileBytes];

  WeightRing(const QGemmArgs& args, int64_t first_panel) : a(args), task_panel(first_panel) {}
  void start(int64_t first_panel, int panel_count, int64_t first_block, int64_t block_count) {
    panel = task_panel + first_panel, panels = panel_count, block = first_block, blocks = block_count;
    for (int64_t b = 0; b < kAhead; ++b) prepare(b);
  }
  void prepare(int64_t b) {
    if (b >= blocks) return;
    for (int p = 0; p < panels; ++p)
      tiles[b % kSlots][p] = weight_tile<bits>(a, panel + p, block + b, bytes[b % kSlots][p]);
  }
  const uint8_t* tile(int p, int64_t b) const { return tiles[b % kSlots][p]; }
};

/// Sums of one or two tiles of rows and some panels, at most four tiles: x times the weights from which start() was
/// called, added to what is there unless these are the first columns.
template <class Tiles, int row_tiles, int panels, class Weights>
void multiply_tiles(const TiledRows& x, Weights& weights, int64_t blocks, bool first, int32_t* sums) {
  constexpr int64_t kSumBytes = kSumStride * static_cast<int64_t>(sizeof(int32_t));
  const auto each_sum = [&](auto fn) {
    for_constants<row_tiles>([&](auto r) {
      for_constants<panels>([&](auto p) {
        fn(std::integral_constant<int, kSumTiles + 2 * r + p>{}, sums + r * kTileRows * kSumStride + p * kPanelRows);
      });
    });
  };
  each_sum([&](auto t, const int32_t* from) {
    if (first)
      Tiles::template zero<t>();
    else
      Tiles::template load<t>(from, kSumBytes);
  });
  const int8_t* rows = x.at;
#pragma GCC unroll 1
  for (int64_t b = 0; b < blocks; ++b, rows += x.block) {
    weights.prepare(b + Weights::kAhead);
    for_constants<(panels + 1) / 2>([&](auto pair) {  // both weights before x, whose loads are the quicker
      constexpr int kFirst = 2 * pair, kCount = panels - kFirst < 2 ? 1 : 2;
      for_constants<kCount>([&](auto p) {
        const uint8_t* tile = weights.tile(kFirst + p, b);
        if constexpr (Weights::kFar)
          Tiles::template load_far<kWeightTiles + p>(tile, kTileColumns);
        else
          Tiles::template load<kWeightTiles + p>(tile, kTileColumns);
      });
      if constexpr (pair == 0)
        for_constants<row_tiles>([&](auto r) { Tiles::template load<kXTiles + r>(rows + r * x.tile, x.row); });
      for_constants<kCount>([&](auto p) {
        for_constants<row_tiles>(
            [&](auto r) { Tiles::template multiply<kSumTiles + 2 * r + kFirst + p, kXTiles + r, kWeightTiles + p>(); });
      });
    });
  }
  each_sum([&](auto t, int32_t* to) { Tiles::template store<t>(to, kSumBytes); });
}

/// The outputs of a task, as many as epilogue() takes at once in each.
struct TaskConstants {
  TaskConstants(const QGemmArgs& a, int64_t panel, int64_t panels)
      : of{part(a, panel, panels, 0), part(a, panel, panels, 1), part(a, panel, panels, 2)} {}
  OutputConstants of[kTiledPanels / kTaskPanels];

 private:
  static OutputConstants part(const QGemmArgs& a, int64_t panel, int64_t panels, int64_t i) {
    const int64_t first = (panel + i * kTaskPanels) * kPanelRows, end = min(a.n, (panel + panels) * kPanelRows);
    return {a, first, end > first ? min(kTaskColumns, end - first) : 0};
  }
};

/// y of a band at the outputs of a task. Tiles are configured for it and released: others in the thread use them too.
template <class Tiles, class Weights>
void multiply_band(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels, Weights& weights,
                   const TaskConstants& constants) {
  alignas(64) int8_t arranged[kSpanBlocks * 2 * kTileBytes];
  alignas(64) int32_t sums[kBandRows * kSumStride];
  int32_t x_sums[kBandRows];
  for (int64_t r = 0; r < rows; ++r) x_sums[r] = sum_codes(a.x + (row + r) * a.k, a.k);
  const int64_t blocks = div_up(a.k, kTileColumns);
  const bool in_place = lies_in_tiles(a), one_span = blocks <= kSpanBlocks;
  Tiles::configure(shapes_of(rows));
  int64_t block = 0;
  do {  // once without columns as well, for the zeros
    const int64_t count = min(kSpanBlocks, blocks - block), column = block * kTileColumns;
    if (!in_place) arrange_rows(a, row, rows, column, count, arranged);
    const TiledRows x = in_place ? TiledRows{a.x + row * a.k + column, a.k, kTileRows * a.k, kTileColumns}
                                 : TiledRows{arranged, kTileColumns, kTileBytes, 2 * kTileBytes};
    for (int64_t first = 0; first < panels; first += kTaskPanels) {
      const int64_t end = min(panels, first + kTaskPanels);
      int32_t* of_first = sums + (one_span ? 0 : first * kPanelRows);  // the same lines again are in the caches
      with_constant<2>(div_up(rows, kTileRows), [&](auto row_tiles) {
        constexpr int kRowTiles = decltype(row_tiles)::value, kPanels = 4 / kRowTiles;
        for (int64_t p = first; p < end; p += kPanels)
          with_constant<kPanels>(min(kPanels, end - p), [&](auto width) {
            weights.start(p, width, block, count);
            multiply_tiles<Tiles, kRowTiles, decltype(width)::value>(x, weights, count, block == 0,
                                                                     of_first + (p - first) * kPanelRows);
          });
      });
      if (block + kSpanBlocks < blocks) continue;
      float* y = a.y + row * a.n + (panel + first) * kPanelRows;
      for (int64_t r = 0; r < rows; ++r)
        epilogue(a, constants.of[first / kTaskPanels], of_first + r * kSumStride, x_sums[r], row + r, y + r * a.n);
    }
    block += kSpanBlocks;
  } while (block < blocks);
  Tiles::release();
}

template <class Tiles, int bits>
void one_band_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  WeightRing<bits> weights(a, panel);
  multiply_band<Tiles>(a, row, rows, panel, panels, weights, TaskConstants(a, panel, panels));
}

template <class Tiles, int bits>
void many_bands_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t panel, int64_t panels) {
  alignas(64) uint8_t bytes[kMostTiles * kTileBytes];
  const uint8_t* tiles[kMostTiles];
  const int64_t blocks = div_up(a.k, kTileColumns);
  for (int64_t p = 0; p < panels; ++p)
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t i = p * blocks + b;
      tiles[i] = weight_tile<bits>(a, panel + p, b, bytes + i * kTileBytes);
    }
  UnpackedWeights weights{tiles, blocks};
  const TaskConstants constants(a, panel, panels);
  for (int64_t r = 0; r < rows; r += kBandRows)
    multiply_band<Tiles>(a, row + r, min(kBandRows, rows - r), panel, panels, weights, constants);
}

template <class Tiles, int bits>
void tiled_gemm_of(const QGemmArgs& a) {
  if (a.m <= kBandRows) return for_tasks(a, kTiledMacs, kBandRows, kTiledPanels, one_band_task<Tiles, bits>);
  int64_t panels = kTiledPanels;
  while (panels > 1 && panels * div_up(a.k, kTileColumns) > kL2Tiles) panels /= 2;
  for_tasks(a, kTiledMacs, kTiledRows, panels, many_bands_task<Tiles, bits>);
}

template <class Tiles>
void tiled_gemm(const QGemmArgs& a) {
  switch (a.layout.bits) {
    case 1:
      return tiled_gemm_of<Tiles, 1>(a);
    case 2:
      return tiled_gemm_of<Tiles, 2>(a);
    case 4:
      return tiled_gemm_of<Tiles, 4>(a);
    default:
      return tiled_gemm_of<Tiles, 8>(a);
  }
}

/// Whether tiles are faster than the AVX-512 kernels: by the prototypes from three rows on, but popcounts of 1 by 1 bit
/// keep up to eight. Popcounts of a plane more on either side do twice the work, so they keep four.
inline bool tiles_pay(const QGemmArgs& a) {
  const bool popcount = a.layout.bits <= 2 && a.x_codes.bits <= 2, one_plane = a.layout.bits + a.x_codes.bits == 2;
  return a.m > (!popcount ? 2 : one_plane ? 8 : 4);
}

}  // namespace
}  // namespace lowbit
