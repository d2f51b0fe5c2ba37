#include "core/kernels/cpu/special/qgemm_vnni.h"

namespace lowbit::LB_TARGET_NS {

void fill(QGemmKernels& table) {
  table.gemm = [](Stream&, const QGemmArgs& a) {
    switch (a.layout.bits) {
      case 1:
        return vnni_gemm<1>(a);
      case 2:
        return vnni_gemm<2>(a);
      case 4:
        return vnni_gemm<4>(a);
      default:
        return vnni_gemm<8>(a);
    }
  };
  table.pack_panels = pack_panels;
}

}  // namespace lowbit::LB_TARGET_NS
