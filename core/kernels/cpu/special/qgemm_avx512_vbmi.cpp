#include "core/kernels/cpu/special/qgemm_lookup.h"
#include "core/kernels/cpu/special/qgemm_popcount.h"

namespace lowbit {
namespace cpu_avx512_vnni {
void fill(QGemmKernels&);
}

namespace LB_TARGET_NS {

void fill(QGemmKernels& table) {
  table.gemm = [](Stream& stream, const QGemmArgs& a) {
    if (a.layout.bits <= 2 && a.x_codes.bits <= 2) return popcount_gemm(a);
    a.layout.bits == 1 ? lookup_gemm(a) : kernels_of<cpu_avx512_vnni::fill>().gemm(stream, a);
  };
}

}  // namespace LB_TARGET_NS
}  // namespace lowbit
