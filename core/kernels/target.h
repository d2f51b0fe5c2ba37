#pragma once

#include <cstdint>
#include <string_view>

#include "core/device.h"

namespace lowbit {

/// What a kernel was compiled for. Later CPU targets include the earlier ones.
enum class Target : uint8_t { cpu_generic, cpu_avx2, cpu_avx512, cpu_avx512_vnni, cpu_avx512_vbmi, cpu_amx, cuda };

std::string_view to_string(Target target);
constexpr DeviceType device_of(Target target) { return target == Target::cuda ? DeviceType::cuda : DeviceType::cpu; }

/// Whether this machine runs `target`. LOWBIT_CPU_ISA=generic|avx2|avx512|avx512_vnni|avx512_vbmi|amx caps the CPU
/// targets.
bool runs_here(Target target);

/// One row of a kernel family: who fills which entries of its table of function pointers.
template <class Table>
struct Impl {
  Target target;
  void (*fill)(Table&);
};

}  // namespace lowbit
