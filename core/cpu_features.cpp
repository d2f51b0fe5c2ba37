#include "core/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace lowbit {
namespace {

#if defined(__x86_64__)
struct Registers {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf) {
  Registers r;
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

/// XCR0: which register files the operating system saves on a context switch.
uint64_t saved_state() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

bool bit(uint32_t word, int index) { return (word >> index) & 1u; }

CpuFeatures detect() {
  CpuFeatures f;
  const Registers one = cpuid(1, 0);
  if (!bit(one.ecx, 27)) return f;  // no OSXSAVE, so no AVX
  const uint64_t xcr0 = saved_state();
  const bool ymm = (xcr0 & 0x6) == 0x6, zmm = ymm && (xcr0 & 0xe0) == 0xe0, tiles = (xcr0 & 0x60000) == 0x60000;
  const Registers seven = cpuid(7, 0), seven_one = cpuid(7, 1);
  f.avx2 = ymm && bit(seven.ebx, 5);
  f.fma = ymm && bit(one.ecx, 12);
  f.f16c = ymm && bit(one.ecx, 29);
  f.avx512f = zmm && bit(seven.ebx, 16);
  f.avx512dq = zmm && bit(seven.ebx, 17);
  f.avx512bw = zmm && bit(seven.ebx, 30);
  f.avx512vl = zmm && bit(seven.ebx, 31);
  f.avx512_vbmi = zmm && bit(seven.ecx, 1);
  f.avx512_vbmi2 = zmm && bit(seven.ecx, 6);
  f.avx512_vnni = zmm && bit(seven.ecx, 11);
  f.avx512_vpopcntdq = zmm && bit(seven.ecx, 14);
  f.avx512_bf16 = zmm && bit(seven_one.eax, 5);
  f.gfni = ymm && bit(seven.ecx, 8);
  f.avx_vnni = ymm && bit(seven_one.eax, 4);
  f.amx_tile = tiles && bit(seven.edx, 24);
  f.amx_int8 = tiles && bit(seven.edx, 25);
  f.amx_bf16 = tiles && bit(seven.edx, 22);
  return f;
}
#else
CpuFeatures detect() { return {}; }
#endif

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

std::vector<std::string> feature_names(const CpuFeatures& f) {
  std::vector<std::string> names;
  const auto add = [&](bool present, const char* name) {
    if (present) names.emplace_back(name);
  };
  add(f.avx2, "avx2"), add(f.fma, "fma"), add(f.f16c, "f16c"), add(f.avx_vnni, "avx_vnni"), add(f.gfni, "gfni");
  add(f.avx512f, "avx512f"), add(f.avx512bw, "avx512bw"), add(f.avx512vl, "avx512vl"), add(f.avx512dq, "avx512dq");
  add(f.avx512_vnni, "avx512_vnni"), add(f.avx512_vbmi, "avx512_vbmi"), add(f.avx512_vbmi2, "avx512_vbmi2");
  add(f.avx512_vpopcntdq, "avx512_vpopcntdq"), add(f.avx512_bf16, "avx512_bf16");
  add(f.amx_tile, "amx_tile"), add(f.amx_int8, "amx_int8"), add(f.amx_bf16, "amx_bf16");
  return names;
}

}  // namespace lowbit
