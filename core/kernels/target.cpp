#include "core/kernels/target.h"

#include <array>
#include <cstdlib>

#include "core/cpu_features.h"

namespace lowbit {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"generic", "avx2", "avx512", "avx512_vnni", "cuda"};

Target capped_target() {
  const char* cap = std::getenv("LOWBIT_CPU_ISA");
  if (!cap || !*cap) return Target::cpu_avx512_vnni;
  for (size_t i = 0; i + 1 < kNames.size(); ++i)
    if (kNames[i] == cap) return static_cast<Target>(i);
  fail(ErrorKind::usage, "LOWBIT_CPU_ISA", "'{}' is not one of generic, avx2, avx512, avx512_vnni", cap);
}

}  // namespace

std::string_view to_string(Target target) { return kNames[static_cast<size_t>(target)]; }

bool runs_here(Target target) {
  static const Target cap = capped_target();
  const CpuFeatures& f = cpu_features();
  if (device_of(target) == DeviceType::cuda || target > cap) return false;
  switch (target) {
    case Target::cpu_generic:
      return true;
    case Target::cpu_avx2:
      return f.avx2 && f.fma && f.f16c;
    case Target::cpu_avx512:
      return f.avx512f && f.avx512bw && f.avx512vl && f.avx512dq && f.fma && f.f16c;
    case Target::cpu_avx512_vnni:
      return runs_here(Target::cpu_avx512) && f.avx512_vnni && f.avx512_vpopcntdq && f.avx512_vbmi && f.avx512_vbmi2 &&
             f.gfni;
    case Target::cuda:
      return false;
  }
  return false;
}

}  // namespace lowbit
