#pragma once

#include <string>
#include <vector>

namespace lowbit {

/// Instruction sets of this processor that the operating system also saves (CPUID and XCR0). A bit is never guessed
/// from the model name: virtual machines hide it.
struct CpuFeatures {
  bool avx2 = false, fma = false, f16c = false;
  bool avx512f = false, avx512bw = false, avx512vl = false, avx512dq = false;
  bool avx512_vnni = false, avx512_vbmi = false, avx512_vbmi2 = false, avx512_vpopcntdq = false, avx512_bf16 = false;
  bool gfni = false, avx_vnni = false;
  bool amx_tile = false, amx_int8 = false, amx_bf16 = false;
};

/// What the machine has, whatever LOWBIT_CPU_ISA says.
const CpuFeatures& cpu_features();

/// Names of the features that are present, for reports: {"avx2", "fma", ...}.
std::vector<std::string> feature_names(const CpuFeatures& features);

}  // namespace lowbit
