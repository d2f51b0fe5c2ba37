#include "core/kernels/target.h"

#include "core/cpu_features.h"

namespace lowbit {
namespace {

CpuIsa isa_of(Target target) {
  switch (target) {
    case Target::cpu_avx2:
      return CpuIsa::avx2;
    case Target::cpu_avx512:
      return CpuIsa::avx512;
    case Target::cpu_avx512_vnni:
      return CpuIsa::avx512_vnni;
    case Target::cpu_avx512_vbmi:
      return CpuIsa::avx512_vbmi;
    case Target::cpu_amx:
      return CpuIsa::amx;
    default:
      return CpuIsa::generic;
  }
}

}  // namespace

std::string_view to_string(Target target) { return target == Target::cuda ? "cuda" : to_string(isa_of(target)); }

bool runs_here(Target target) {
  return device_of(target) == DeviceType::cpu && isa_of(target) <= cpu_features().best_isa();
}

}  // namespace lowbit
