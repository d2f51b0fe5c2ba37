#include "core/kernels/cpu/special/qgemm_lookup.h"
#include "core/kernels/cpu/special/qgemm_popcount.h"
#include "core/kernels/cpu/special/qgemm_vnni.h"

namespace lowbit::LB_TARGET_NS {

void fill(QGemmKernels& table) {
  table.gemm = [](Stream&, const QGemmArgs& a) {
    switch (a.layout.bits) {
      case 1:
        return a.x_codes.bits <= 2 ? popcount_gemm(a) : lookup_gemm(a);
      case 2:
        return a.x_codes.bits <= 2 ? popcount_gemm(a) : vnni_gemm<2>(a);
      case 4:
        return vnni_gemm<4>(a);
      default:
        return vnni_gemm<8>(a);
    }
  };
  table.pack_panels = pack_panels;
}

}  // namespace lowbit::LB_TARGET_NS
