#include "core/kernels/dropout.h"

#include "core/kernels/cpu/philox_lanes.h"
#include "core/kernels/cpu/simd.h"

namespace lowbit::LB_TARGET_NS {
namespace {

template <class T>
void apply(const DropoutArgs& a) {
  using C = Compute<T>;
  const T *x = static_cast<const T*>(a.x), *residual = static_cast<const T*>(a.residual);
  T* y = static_cast<T*>(a.y);
  const C scale = static_cast<C>(a.scale);
  const int64_t tiles = (a.n + kPhiloxTile - 1) / kPhiloxTile;
  parallel_for(tiles, a.n > kParallelElements, [=](int64_t tile) {
    uint32_t words[4][kPhiloxLanes];
    philox_lanes(a.key, static_cast<uint64_t>(tile) * kPhiloxLanes, words);
#pragma GCC unroll 8
    for (int half = 0; half < kPhiloxHalves; ++half) {
      const int64_t begin = tile * kPhiloxTile + half * kPhiloxLanes;
      const auto kept = [&](int64_t i) {
        const C value = load(x + begin + i) * scale;
        return philox_half(words, half, i) >= a.threshold ? value : C{0};
      };
      const auto write = [&](auto element) {
        if (begin + kPhiloxLanes <= a.n) {
#pragma omp simd
          for (int64_t i = 0; i < kPhiloxLanes; ++i) store(y + begin + i, element(i));
        } else {
          for (int64_t i = 0; begin + i < a.n; ++i) store(y + begin + i, element(i));
        }
      };
      if (residual)
        write([&](int64_t i) { return load(residual + begin + i) + kept(i); });
      else
        write(kept);
    }
  });
}

}  // namespace

void fill(DropoutKernels& table) {
  table.apply = [](Stream&, const DropoutArgs& a) { LB_VISIT_FLOATING(a.dtype, apply, a) };
}

}  // namespace lowbit::LB_TARGET_NS
