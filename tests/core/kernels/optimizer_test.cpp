#include "core/kernels/optimizer.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cstring>

#include "core/kernels/table.h"
#include "core/random.h"

namespace lowbit {
namespace {

/// All tensors of a step, so that runs can be compared bit for bit.
struct Tensors {
  std::vector<float> p, m, v;
  bool operator==(const Tensors& other) const {
    const auto same = [](const auto& a, const auto& b) {
      return a.empty() || std::memcmp(a.data(), b.data(), a.size() * 4) == 0;
    };
    return same(p, other.p) && same(m, other.m) && same(v, other.v);
  }
};

std::vector<float> normal(int64_t n, uint64_t key) { return random_normal({n}, 0, 1, key).to_vector<float>(); }

Tensors run(const OptimizerKernels& kernels, int64_t n, int threads) {
  Stream& stream = current_stream({});
  Tensors t = {normal(n, 1), std::vector<float>(static_cast<size_t>(n)), std::vector<float>(static_cast<size_t>(n))};
  const int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  for (uint64_t step = 0; step < 3; ++step) {
    const std::vector<float> grad = normal(n, 10 + step);
    kernels.adam(stream,
                 {grad.data(), t.p.data(), t.m.data(), t.v.data(), n, 0.37, 0.01, 0.999, 0.9, 0.98, 1e-2, 1.3, 1e-6});
    kernels.sgd(stream, {grad.data(), t.p.data(), t.m.data(), n, 0.37, 0.01, 0.9, 1e-2, step % 2 == 0});
    kernels.sgd(stream, {grad.data(), t.p.data(), nullptr, n, 0.37, 0.01, 0, 1e-2, false});
  }
  omp_set_num_threads(before);
  return t;
}

TEST(OptimizerKernels, SameBitsOnEveryTargetForAnyNumberOfThreads) {
  const auto generic = resolve(optimizer_impls(), DeviceType::cpu, Target::cpu_generic);
  int compared = 0;
  for (const auto& row : optimizer_impls()) {
    if (!runs_here(row.target)) {
      std::printf("not run: %s is not on this machine\n", std::string(to_string(row.target)).c_str());
      continue;
    }
    const auto kernels = resolve(optimizer_impls(), DeviceType::cpu, row.target);
    for (const int64_t n : {0, 1, 3, 7, 15, 16, 17, 33, 63, 65, 1023, 40001}) {
      const Tensors expected = run(generic, n, 1);
      for (const int threads : {1, 2, 3})
        EXPECT_TRUE(run(kernels, n, threads) == expected)
            << to_string(row.target) << ", " << n << " elements, " << threads << " threads";
    }
    ++compared;
  }
  EXPECT_GE(compared, 1);
}

}  // namespace
}  // namespace lowbit
