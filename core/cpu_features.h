#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// Instruction set extensions that a kernel may ask for.
enum class CpuFeature : uint8_t {
  avx2,
  fma,
  f16c,
  avx512f,
  avx512bw,
  avx512vl,
  avx512dq,
  avx512_vnni,
  avx512_vbmi,
  avx512_vbmi2,
  avx512_vpopcntdq,
  avx512_bitalg,
  avx512_bf16,
  gfni,
  amx_tile,
  amx_int8,
  amx_bf16,
};
inline constexpr int kCpuFeatureCount = 17;

/// The levels that kernels are built for, each including the ones before it: avx512_vnni is Cascade Lake, avx512_vbmi,
/// with VPOPCNTDQ and BITALG, Ice Lake and Zen 4. LOWBIT_CPU_ISA names one of them.
enum class CpuIsa : uint8_t { generic, avx2, avx512, avx512_vnni, avx512_vbmi, amx };

std::string_view to_string(CpuFeature feature);  ///< as in /proc/cpuinfo: "avx512_vnni"
std::string_view to_string(CpuIsa isa);          ///< as in LOWBIT_CPU_ISA and the kernel target names: "avx512_vnni"

class CpuFeatures {
 public:
  bool has(CpuFeature feature) const { return bits_[static_cast<size_t>(feature)]; }
  void set(CpuFeature feature, bool present = true) { bits_[static_cast<size_t>(feature)] = present; }
  /// The highest level whose every feature is present.
  CpuIsa best_isa() const;
  /// A copy without what belongs to levels above `isa`.
  CpuFeatures capped(CpuIsa isa) const;
  std::vector<std::string> names() const;
  bool operator==(const CpuFeatures&) const = default;

 private:
  std::bitset<kCpuFeatureCount> bits_;
};

/// The registers that decide, as CPUID and XGETBV return them. XCR0 says what the operating system saves on a context
/// switch: a CPU bit without its state bit must not be used.
struct CpuidLeaves {
  uint32_t leaf1_ecx = 0;
  uint32_t leaf7_ebx = 0, leaf7_ecx = 0, leaf7_edx = 0;
  uint32_t leaf7_1_eax = 0;
  uint64_t xcr0 = 0;
};

/// Source: Intel SDM volume 2A, CPUID (leaves 1 and 7) and volume 1, 13.2 to 13.3 (XCR0).
CpuFeatures decode_cpuid(const CpuidLeaves& leaves);

/// What this process may use: detected once, AMX only if the kernel grants the tile state, capped by LOWBIT_CPU_ISA.
/// Error(usage) at the first call when LOWBIT_CPU_ISA names no level.
const CpuFeatures& cpu_features();

/// The same before the cap, for reports.
const CpuFeatures& detected_cpu_features();

/// "AMD EPYC 7763 64-Core Processor"; empty where the CPU does not say.
std::string cpu_brand();

}  // namespace lowbit
