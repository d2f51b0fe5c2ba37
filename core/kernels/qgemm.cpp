#include "core/kernels/qgemm.h"

#include "core/kernels/table.h"

namespace lowbit {
namespace cpu_generic {
void fill(QGemmKernels&);
}
namespace cpu_avx2 {
void fill(QGemmKernels&);
}
namespace cpu_avx512_vnni {
void fill(QGemmKernels&);
}
namespace cpu_avx512_vbmi {
void fill(QGemmKernels&);
}
namespace cpu_amx {
void fill(QGemmKernels&);
}

std::span<const Impl<QGemmKernels>> qgemm_impls() {
  static constexpr Impl<QGemmKernels> rows[] = {{Target::cpu_generic, cpu_generic::fill},
                                                {Target::cpu_avx2, cpu_avx2::fill},
                                                {Target::cpu_avx512_vnni, cpu_avx512_vnni::fill},
                                                {Target::cpu_avx512_vbmi, cpu_avx512_vbmi::fill},
                                                {Target::cpu_amx, cpu_amx::fill}};
  return rows;
}

const QGemmKernels& qgemm_kernels(Device device) { return resolved_table<qgemm_impls>(device, DType::f32); }

}  // namespace lowbit
