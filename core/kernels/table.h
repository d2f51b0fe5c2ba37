#pragma once

#include <span>

#include "core/dtype.h"
#include "core/error.h"
#include "core/kernels/target.h"

namespace lowbit {

/// The table for a device: rows that run here are applied in order, so a faster target overwrites only what it improves
/// and every other entry falls back to the row before it. `cap` leaves out later targets (tests compare with generic).
template <class Table>
Table resolve(std::span<const Impl<Table>> rows, DeviceType device, Target cap = Target::cuda) {
  Table table{};
  bool any = false;
  for (const auto& row : rows)
    if (device_of(row.target) == device && row.target <= cap && runs_here(row.target)) {
      row.fill(table);
      any = true;
    }
  LB_REQUIRE(any, ErrorKind::device, "kernels", "no implementation for this device: not built in, or not present");
  return table;
}

/// The resolved table of a family for (device, dtype). f64 exists for gradient checks and always takes the generic row.
/// Used as:  const SoftmaxKernels& softmax_kernels(Device d, DType t) { return resolved_table<softmax_impls>(d, t); }
template <auto impls>
const auto& resolved_table(Device device, DType dtype) {
  LB_REQUIRE(device.type == DeviceType::cpu, ErrorKind::device, "kernels", "{} is not built in; use cpu",
             to_string(device));
  static const auto best = resolve(impls(), DeviceType::cpu);
  static const auto generic = resolve(impls(), DeviceType::cpu, Target::cpu_generic);
  return dtype == DType::f64 ? generic : best;
}

}  // namespace lowbit

/// The three rows of a family whose one source, kernels/cpu/NAME.cpp, is compiled for every CPU target.
#define LB_CPU_TARGETS(Table) \
  namespace lowbit {          \
  namespace cpu_generic {     \
  void fill(Table&);          \
  }                           \
  namespace cpu_avx2 {        \
  void fill(Table&);          \
  }                           \
  namespace cpu_avx512 {      \
  void fill(Table&);          \
  }                           \
  }
#define LB_CPU_ROWS \
  {Target::cpu_generic, cpu_generic::fill}, {Target::cpu_avx2, cpu_avx2::fill}, { Target::cpu_avx512, cpu_avx512::fill }
