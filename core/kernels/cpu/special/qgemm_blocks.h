#pragma once

#include <omp.h>

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/kernels/qgemm.h"

/// The parts of the integer GEMM that CPU targets share: tasks, packing and, for targets that unpack weights to scratch
/// memory, blocking and epilogue, as plain loops. Those add a Micro with the inner product of a few rows of x with one
/// panel:
///
///   struct Micro {
///     using X = ...; using W = ...;                 element types of the operands in scratch memory
///     static constexpr int64_t kRows;               rows of a tile
///     static constexpr int64_t kSteps;              steps of a block: scratch for one panel, kSteps * 64 * sizeof(W)
///     static void prepare_x(const int8_t* codes, int64_t columns, X*);         zeros to the end of a line
///     static const W* prepare_w(const uint8_t* lines, const WeightLayout&, int64_t steps, W* scratch);
///     template <int rows> static void accumulate(const X* x, const W* w, int64_t steps, const WeightLayout&, int32_t*
///     acc);
///   };   acc[row * kTaskColumns + output] += sum over the steps of x * u
///
/// Internal linkage throughout (see simd.h).
namespace lowbit {
namespace {

constexpr int64_t kBlockRows = 48;  ///< rows of x that a task holds: a multiple of every tile height
constexpr int64_t kTaskPanels = 16,
                  kTaskColumns = kTaskPanels * kPanelRows;  ///< panels over which a prepared block of x is reused
constexpr int64_t kParallelMacs = 1 << 21;                  ///< below, a second thread costs more than it brings

/// Elements between the rows of a prepared block of x: 16 bytes more than needed, so that rows fall in different banks
/// of the L1 cache.
template <class Micro>
constexpr int64_t x_stride() {
  return Micro::kSteps * kStepColumns + 16 / static_cast<int64_t>(sizeof(typename Micro::X));
}

inline int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

/// Calls fn with std::integral_constant<int, count>, 1 <= count <= most.
template <int most, class Fn>
void with_constant(int64_t count, Fn fn) {
  if (count == most) return fn(std::integral_constant<int, most>{});
  if constexpr (most > 1) with_constant<most - 1>(count, fn);
}

/// On words of eight fields: shifts of single bytes do not vectorise well.
template <int bits>
void unpack_lines(const uint8_t* lines, int64_t steps, uint8_t* out) {
  constexpr int64_t kPlanes = 8 / bits;
  constexpr uint64_t kMask = ((uint64_t{1} << bits) - 1) * 0x0101010101010101u;
  for (int64_t s = 0; s < steps; s += kPlanes, lines += kLineBytes)
    for (int64_t p = 0; p < kPlanes; ++p, out += kLineBytes)
#pragma omp simd
      for (int64_t i = 0; i < kLineBytes; i += 8) {
        uint64_t word;
        std::memcpy(&word, lines + i, 8);
        word = word >> (p * bits) & kMask;
        std::memcpy(out + i, &word, 8);
      }
}

/// Unsigned fields of whole lines, one byte each: step after step of 64. Fields that already are bytes stay in place.
inline const uint8_t* unpack(const uint8_t* lines, const WeightLayout& layout, int64_t steps, uint8_t* scratch) {
  switch (layout.bits) {
    case 1:
      unpack_lines<1>(lines, steps, scratch);
      return scratch;
    case 2:
      unpack_lines<2>(lines, steps, scratch);
      return scratch;
    case 4:
      unpack_lines<4>(lines, steps, scratch);
      return scratch;
    default:
      return lines;
  }
}

/// Lines [begin, begin + count) of a panel, which has layout.lines(k): in place or, of a binary one, put together in
/// scratch.
inline const uint8_t* panel_lines(const uint8_t* panels, const WeightLayout& layout, int64_t lines, int64_t panel,
                                  int64_t begin, int64_t count, uint8_t* scratch) {
  const int64_t of_group = layout.group_panels();
  const uint8_t* first = panels + (panel / of_group * lines + begin) * of_group * kLineBytes;
  if (of_group == 1) return first;
  first += panel % of_group / 2 * 2 * kLineBytes;
  const int kept = panel % 2 * 16, other = 16 - kept;  // bits
  for (int64_t line = 0; line < count; ++line, first += of_group * kLineBytes)
#pragma omp simd
    for (int64_t i = 0; i < kLineBytes; i += 4) {
      uint32_t low, high;
      std::memcpy(&low, first + i, 4);
      std::memcpy(&high, first + kLineBytes + i, 4);
      const uint32_t word = (low >> kept & 0xffff) | (high << other & 0xffff0000);
      std::memcpy(scratch + line * kLineBytes + i, &word, 4);
    }
  return scratch;
}

/// Calls fn with a std::bool_constant for each flag.
template <class Fn>
void with_flags(const Fn& fn) {
  fn();
}
template <class Fn, class... Flags>
void with_flags(const Fn& fn, bool first, Flags... flags) {
  const auto next = [&](auto constant) { with_flags([&](auto... rest) { fn(constant, rest...); }, flags...); };
  first ? next(std::true_type{}) : next(std::false_type{});
}

inline int32_t sum_codes(const int8_t* codes, int64_t n) {
  int32_t total = 0;
  for (int64_t begin = 0; begin < n; begin += 256) {  // 256 codes fit an int16
    const int64_t end = min(n, begin + 256);
    int16_t sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = begin; j < end; ++j) sum = static_cast<int16_t>(sum + codes[j]);
    total += sum;
  }
  return total;
}

/// The codes themselves, with zeros up to the end of any line.
inline void copy_codes(const int8_t* codes, int64_t columns, int8_t* x) {
  std::memcpy(x, codes, static_cast<size_t>(columns));
  std::memset(x + columns, 0, static_cast<size_t>(-columns & 31));
}

/// What the epilogue needs of the outputs [first, first + columns) of a task.
struct OutputConstants {
  OutputConstants(const QGemmArgs& a, int64_t first, int64_t count) : columns(count) {
    for (int64_t j = 0; j < columns; ++j) {
      scale[j] = a.w_scale[(first + j) * a.w_stride];
      sums[j] = static_cast<float>(a.sums[first + j]);
      zeros[j] = a.x_zero * a.sums[first + j];
    }
    if (a.bias) std::memcpy(bias, a.bias + first, static_cast<size_t>(columns) * sizeof(float));
  }
  int64_t columns;
  alignas(64) float scale[kTaskColumns], sums[kTaskColumns], bias[kTaskColumns];
  alignas(64) int32_t zeros[kTaskColumns];
};

/// One row of y at the outputs of a task; store_outputs in qgemm_tiles.h is the same in AVX-512 registers.
inline void epilogue(const QGemmArgs& a, const OutputConstants& w, const int32_t* acc, int32_t x_sum, int64_t row,
                     float* y) {
  const float x_scale = a.x_scale[row * a.x_stride], x_offset = a.x_offset ? a.x_offset[row * a.x_stride] : 0;
  const int32_t shift = a.layout.shift, constant = a.layout.bias * x_sum;
  const auto all = [&](auto with_offset, auto with_bias, auto with_y) {
#pragma omp simd
    for (int64_t j = 0; j < w.columns; ++j) {
      const int32_t exact = (acc[j] << shift) - constant + w.zeros[j];
      float value = (x_scale * w.scale[j]) * static_cast<float>(exact);
      if constexpr (with_offset) value = value + (x_offset * w.scale[j]) * w.sums[j];
      if constexpr (with_bias) value = value + w.bias[j];
      if constexpr (with_y) value = value + y[j];
      y[j] = value;
    }
  };
  with_flags([&](auto... flags) { all(flags...); }, a.x_offset != nullptr, a.bias != nullptr, a.accumulate);
}

template <class Micro, int rows = Micro::kRows>
void accumulate(int64_t count, const typename Micro::X* x, const typename Micro::W* w, int64_t steps,
                const WeightLayout& layout, int32_t* acc) {
  if (count == rows) return Micro::template accumulate<rows>(x, w, steps, layout, acc);
  if constexpr (rows > 1) accumulate<Micro, rows - 1>(count, x, w, steps, layout, acc);
}

/// Rows [row, row + rows) of y at the outputs of `panels` panels from `first` on.
template <class Micro>
void gemm_task(const QGemmArgs& a, int64_t row, int64_t rows, int64_t first, int64_t panels) {
  constexpr int64_t kXStride = x_stride<Micro>();
  alignas(64) typename Micro::X x[kBlockRows * kXStride];
  alignas(64) typename Micro::W scratch[Micro::kSteps * kLineBytes];
  alignas(64) uint8_t line_scratch[Micro::kSteps / 8 * kLineBytes];
  alignas(64) int32_t acc[kBlockRows * kTaskColumns];
  for (int64_t r = 0; r < rows; ++r)
    std::memset(acc + r * kTaskColumns, 0, static_cast<size_t>(panels * kPanelRows) * sizeof(int32_t));

  const int64_t steps = div_up(a.k, kStepColumns), planes = a.layout.steps_per_line(), all_lines = a.layout.lines(a.k);
  for (int64_t begin = 0; begin < steps; begin += Micro::kSteps) {
    const int64_t count = min(Micro::kSteps, steps - begin),
                  columns = min(count * kStepColumns, a.k - begin * kStepColumns);
    for (int64_t r = 0; r < rows; ++r)
      Micro::prepare_x(a.x + (row + r) * a.k + begin * kStepColumns, columns, x + r * kXStride);
    for (int64_t p = 0; p < panels; ++p) {
      const uint8_t* lines =
          panel_lines(a.panels, a.layout, all_lines, first + p, begin / planes, div_up(count, planes), line_scratch);
      const typename Micro::W* w = Micro::prepare_w(lines, a.layout, count, scratch);
      for (int64_t r = 0; r < rows; r += Micro::kRows)
        accumulate<Micro>(min(Micro::kRows, rows - r), x + r * kXStride, w, count, a.layout,
                          acc + r * kTaskColumns + p * kPanelRows);
    }
  }
  const OutputConstants constants(a, first * kPanelRows, min(panels * kPanelRows, a.n - first * kPanelRows));
  for (int64_t r = 0; r < rows; ++r)
    epilogue(a, constants, acc + r * kTaskColumns, sum_codes(a.x + (row + r) * a.k, a.k), row + r,
             a.y + (row + r) * a.n + first * kPanelRows);
}

/// Calls task(a, row, rows, first panel, panels) for all of y, over threads when there are more products than
/// `serial_macs`. No two tasks share a panel.
template <class Task>
void for_tasks(const QGemmArgs& a, int64_t serial_macs, int64_t block_rows, int64_t most_panels, Task task) {
  const int64_t threads = a.m * a.n * a.k > serial_macs ? omp_get_max_threads() : 1;
  const int64_t panels = div_up(a.n, kPanelRows), blocks = div_up(a.m, block_rows), group = a.layout.group_panels();
  // Four tasks a thread, which with few rows means narrow ones.
  const int64_t tasks = threads > 1 ? 4 * threads : 1;
  const int64_t width =
      min(most_panels, div_up(div_up(panels * blocks, tasks) + (panels * blocks == 0), group) * group);
  const int64_t columns = div_up(panels, width);
  const auto one = [&](int64_t i) {
    const int64_t b = i / columns, c = i % columns;
    task(a, b * block_rows, min(block_rows, a.m - b * block_rows), c * width, min(width, panels - c * width));
  };
  if (threads == 1) {  // not an if clause: a region costs most of a microsecond even then
    for (int64_t i = 0; i < blocks * columns; ++i) one(i);
    return;
  }
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < blocks * columns; ++i) one(i);
}

template <class Micro>
void gemm(const QGemmArgs& a) {
  for_tasks(a, kParallelMacs, kBlockRows, kTaskPanels, gemm_task<Micro>);
}

/// Stores a line of a panel where the layout has it.
inline void store_line(const PackPanelsArgs& a, int64_t panel, int64_t line, const uint32_t* from) {
  const int64_t of_group = a.layout.group_panels();
  uint8_t* group = a.panels + (panel / of_group * a.layout.lines(a.k) + line) * of_group * kLineBytes;
  if (of_group == 1) {
    std::memcpy(group, from, kLineBytes);
    return;
  }
  uint8_t* to = group + panel % of_group / 2 * 2 * kLineBytes + panel % 2 * 2;
  for (int64_t j = 0; j < kPanelRows; ++j)
    for (int64_t half = 0; half < 2; ++half) {
      const uint16_t bits = static_cast<uint16_t>(from[j] >> (16 * half));
      std::memcpy(to + half * kLineBytes + j * 4, &bits, sizeof bits);
    }
}

constexpr int64_t kParallelCodes = 1 << 16;  ///< the same for packing
constexpr int64_t kSideBySide = 64;          ///< codes that are worked on at a time, side by side in memory
static_assert(kSideBySide == kGroupPanels * kPanelRows && kSideBySide % (8 * kStepColumns) == 0);

/// Fields of kSideBySide codes, a byte each: (code + bias) >> shift.
template <int bits>
void to_fields(const int8_t* codes, WeightLayout layout, uint8_t* fields) {
  const auto bias = static_cast<uint8_t>(layout.bias);
  const int32_t shift = layout.shift;
#pragma omp simd
  for (int64_t j = 0; j < kSideBySide; ++j) {
    const auto moved = static_cast<uint8_t>(static_cast<uint8_t>(codes[j]) + bias);
    fields[j] = static_cast<uint8_t>(moved >> shift & ((1 << bits) - 1));
  }
}

/// Panels of fields of `bits` bits out of codes [n, k].
template <int bits>
void pack_panels_of(const PackPanelsArgs& a) {
  constexpr int64_t kPlanes = 8 / bits, kLineColumns = kPlanes * kStepColumns;
  const int64_t lines = a.layout.lines(a.k), of_group = a.layout.group_panels();
#pragma omp parallel for schedule(static, of_group) if (a.n * a.k > kParallelCodes)
  for (int64_t panel = 0; panel < a.layout.groups(a.n) * of_group; ++panel) {
    const int64_t first = panel * kPanelRows, rows = min(kPanelRows, a.n - first);  // none in an absent panel
    for (int64_t j = 0; j < rows; ++j) a.sums[first + j] = sum_codes(a.codes + (first + j) * a.k, a.k);
    for (int64_t column = 0; column < a.k; column += kSideBySide) {
      uint32_t steps[kPanelRows][kSideBySide / kStepColumns] = {};
      for (int64_t j = 0; j < rows; ++j) {
        const int8_t* row = a.codes + (first + j) * a.k + column;
        int8_t tail[kSideBySide] = {};
        if (a.k - column < kSideBySide)
          row = static_cast<int8_t*>(std::memcpy(tail, row, static_cast<size_t>(a.k - column)));
        uint8_t fields[kSideBySide];
        to_fields<bits>(row, a.layout, fields);
        std::memcpy(steps[j], fields, sizeof fields);
      }
      const int64_t end = min(lines, (column + kSideBySide) / kLineColumns);
      for (int64_t line = column / kLineColumns; line < end; ++line) {
        const int64_t step = (line * kLineColumns - column) / kStepColumns;
        uint32_t out[kPanelRows];
        for (int64_t j = 0; j < kPanelRows; ++j) {
          uint32_t word = 0;
#pragma GCC unroll 8
          for (int p = 0; p < kPlanes; ++p) word |= steps[j][step + p] << (p * bits);
          out[j] = word;
        }
        store_line(a, panel, line, out);
      }
    }
  }
}

/// Words of the fields of four rows of codes, a byte of each, shifted left by `plane` and ORed to `out`.
template <int bits>
void interleave(const int8_t (&codes)[kStepColumns][kSideBySide], WeightLayout layout, int plane, uint32_t* out) {
  uint8_t fields[kStepColumns][kSideBySide];
  uint16_t low[kSideBySide], high[kSideBySide];
  for (int64_t c = 0; c < kStepColumns; ++c) to_fields<bits>(codes[c], layout, fields[c]);
#pragma omp simd
  for (int64_t j = 0; j < kSideBySide; ++j) low[j] = static_cast<uint16_t>(fields[0][j] | fields[1][j] << 8);
#pragma omp simd
  for (int64_t j = 0; j < kSideBySide; ++j) high[j] = static_cast<uint16_t>(fields[2][j] | fields[3][j] << 8);
#pragma omp simd
  for (int64_t j = 0; j < kSideBySide; ++j) out[j] |= (low[j] | static_cast<uint32_t>(high[j]) << 16) << plane;
}

/// The same panels out of codes [k, n].
template <int bits>
void pack_transposed_of(const PackPanelsArgs& a) {
  constexpr int64_t kLineColumns = 8 / bits * kStepColumns;
  const int64_t lines = a.layout.lines(a.k);
  const int64_t panels = a.layout.groups(a.n) * a.layout.group_panels();
#pragma omp parallel for schedule(static) if (a.n * a.k > kParallelCodes)
  for (int64_t group = 0; group < div_up(a.n, kSideBySide); ++group) {
    const int64_t first = group * kSideBySide, count = min(kSideBySide, a.n - first);
    int32_t sums[kSideBySide] = {};
    for (int64_t line = 0; line < lines; ++line) {
      uint32_t out[kSideBySide] = {};
      for (int64_t column = line * kLineColumns; column < min(a.k, (line + 1) * kLineColumns); column += kStepColumns) {
        int8_t codes[kStepColumns][kSideBySide] = {};
        for (int64_t c = 0; c < min(kStepColumns, a.k - column); ++c)
          std::memcpy(codes[c], a.codes + (column + c) * a.n + first, static_cast<size_t>(count));
        if (a.sums)
#pragma omp simd
          for (int64_t j = 0; j < kSideBySide; ++j) sums[j] += codes[0][j] + codes[1][j] + codes[2][j] + codes[3][j];
        interleave<bits>(codes, a.layout, static_cast<int>(column % kLineColumns / kStepColumns) * bits, out);
      }
      for (int64_t p = 0; p < kGroupPanels && group * kGroupPanels + p < panels; ++p)
        store_line(a, group * kGroupPanels + p, line, out + p * kPanelRows);
    }
    if (a.sums) std::memcpy(a.sums + first, sums, static_cast<size_t>(count) * sizeof(int32_t));
  }
}

template <int bits>
void pack(const PackPanelsArgs& a) {
  a.transposed ? pack_transposed_of<bits>(a) : pack_panels_of<bits>(a);
}

/// The kernels of an earlier target, for a later one that leaves some products to them.
template <void (*fill)(QGemmKernels&)>
const QGemmKernels& kernels_of() {
  static const QGemmKernels kernels = [] {
    QGemmKernels filled;
    fill(filled);
    return filled;
  }();
  return kernels;
}

inline void pack_panels(Stream&, const PackPanelsArgs& a) {
  switch (a.layout.bits) {
    case 1:
      return pack<1>(a);
    case 2:
      return pack<2>(a);
    case 4:
      return pack<4>(a);
    default:
      return pack<8>(a);
  }
}

}  // namespace
}  // namespace lowbit
