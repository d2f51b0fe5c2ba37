#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/device.h"
#include "core/error.h"

namespace lowbit {

/// What a kernel was compiled for. Later CPU targets include the earlier ones.
enum class Target : uint8_t { cpu_generic, cpu_avx2, cpu_avx512, cpu_avx512_vnni, cuda };

std::string_view to_string(Target target);
constexpr DeviceType device_of(Target target) { return target == Target::cuda ? DeviceType::cuda : DeviceType::cpu; }

/// Whether this machine runs `target`. LOWBIT_CPU_ISA=generic|avx2|avx512|avx512_vnni caps the CPU targets.
bool runs_here(Target target);

/// One row of a kernel family: who fills which entries of its table of function pointers.
template <class Table>
struct Impl {
  Target target;
  void (*fill)(Table&);
};

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

}  // namespace lowbit
