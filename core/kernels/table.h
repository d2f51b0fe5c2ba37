#pragma once

#include "core/dtype.h"
#include "core/kernels/target.h"

namespace lowbit {

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
