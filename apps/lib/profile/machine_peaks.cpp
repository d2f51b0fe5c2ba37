#include "apps/lib/profile/machine_peaks.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "core/ops/matmul.h"
#include "core/ops/qmatmul.h"
#include "core/ops/quantize.h"
#include "core/random.h"

namespace lowbit {
namespace {

constexpr double kSeconds = 0.1;  ///< for each peak
constexpr int64_t kRows = 1024, kInner = 768, kOuter = 768, kReadBytes = kInner * (int64_t{256} << 10);

/// Seconds of the fastest of several calls, of which the first does not count.
template <class Fn>
double best_seconds(const Fn& fn) {
  using Clock = std::chrono::steady_clock;
  fn();
  double best = std::numeric_limits<double>::infinity(), total = 0;
  while (total < kSeconds) {
    const auto start = Clock::now();
    fn();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

double product_rate(double seconds) { return 2e-9 * kRows * kInner * kOuter / seconds; }

/// One row times int8 weights that fit no cache, all zero.
double read_rate() {
  const PackedWeight w{.out = kReadBytes / kInner,
                       .in = kInner,
                       .panels = Tensor::zeros({kReadBytes}, DType::u8),
                       .sums = Tensor::zeros({kReadBytes / kInner}, DType::i32),
                       .scale = Tensor::scalar(1)};
  const QTensor x = ops::encode_absmax(random_normal({1, kInner}, 0, 1, 3), CodeBook::int8, Granularity::row).q;
  return 1e-9 * kReadBytes / best_seconds([&] { ops::qlinear(x, w); });
}

}  // namespace

MachinePeaks measure_peaks() {
  const Tensor x = random_normal({kRows, kInner}, 0, 1, 1), w = random_normal({kOuter, kInner}, 0, 1, 2);
  const Tensor x16 = x.to(DType::bf16), w16 = w.to(DType::bf16);
  const QTensor x8 = ops::encode_absmax(x, CodeBook::int8, Granularity::row).q;
  const PackedWeight w8 = pack_weight(ops::encode_absmax(w, CodeBook::int8, Granularity::row).q);
  const ops::MatmulOptions transposed{.transpose_b = true, .result = DType::f32};
  return {.f32 = product_rate(best_seconds([&] { ops::matmul(x, w, transposed); })),
          .bf16 = product_rate(best_seconds([&] { ops::matmul(x16, w16, transposed); })),
          .integer = product_rate(best_seconds([&] { ops::qlinear(x8, w8); })),
          .memory = read_rate()};
}

}  // namespace lowbit
