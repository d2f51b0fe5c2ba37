#include "core/kernels/cpu/special/qgemm_amx.h"

namespace lowbit {
namespace cpu_avx512_vbmi {
void fill(QGemmKernels&);
}

namespace LB_TARGET_NS {
namespace {

/// AMX. Not the intrinsics: those of g++ 12 do not tell the compiler which memory they read and write.
struct AmxTiles {
  static void configure(const TileShapes& shapes) { __asm__ volatile("ldtilecfg %0" : : "m"(shapes) : "memory"); }
  static void release() { __asm__ volatile("tilerelease" : : : "memory"); }
  template <int t>
  static void zero() {
    __asm__ volatile("tilezero %%tmm%c0" : : "i"(t));
  }
  template <int t>
  static void load(const void* rows, int64_t stride) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(rows), "r"(stride), "i"(t) : "memory");
  }
  template <int t>
  static void load_far(const void* rows, int64_t stride) {
    __asm__ volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" : : "r"(rows), "r"(stride), "i"(t) : "memory");
  }
  template <int t>
  static void store(void* rows, int64_t stride) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(rows), "r"(stride), "i"(t) : "memory");
  }
  template <int sums, int x, int w>
  static void multiply() {
    __asm__ volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sums), "i"(x), "i"(w));
  }
};

}  // namespace

void fill(QGemmKernels& table) {
  table.gemm = [](Stream& stream, const QGemmArgs& a) {
    tiles_pay(a) ? tiled_gemm<AmxTiles>(a) : kernels_of<cpu_avx512_vbmi::fill>().gemm(stream, a);
  };
}

}  // namespace LB_TARGET_NS
}  // namespace lowbit
