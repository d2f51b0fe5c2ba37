// What quantizing activations and weights costs: bytes of f32 input read a second, to compare with a copy.
#include <benchmark/benchmark.h>

#include <cstring>

#include "core/ops/quantize.h"
#include "core/random.h"

namespace lowbit {
namespace {

const Shape kShape({2000, 768});
Tensor input() { return random_normal(kShape, 0, 1, 1); }
void report(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * kShape.numel() * 4); }

void copy(benchmark::State& state) {
  const Tensor x = input();
  Tensor y = Tensor::empty(kShape);
  for (auto _ : state) {
    y.copy_from(x);
    benchmark::ClobberMemory();
  }
  report(state);
}
void encode_absmax(benchmark::State& state) {
  const Tensor x = input();
  const auto per = static_cast<Granularity>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(ops::encode_absmax(x, CodeBook::int8, per));
  report(state);
}
void encode_absmax_with_mask(benchmark::State& state) {
  const Tensor x = input();
  const ops::PassRule clip{ops::PassRule::On::value, false, -2.5f, 2.5f};
  for (auto _ : state) benchmark::DoNotOptimize(ops::encode_absmax(x, CodeBook::int8, Granularity::row, clip, 2.5f));
  report(state);
}
void ternary_weight(benchmark::State& state) {  // statistics and codes
  const Tensor x = input();
  for (auto _ : state) {
    const Tensor scale = ops::group_stats(x, Granularity::row).mean_abs;
    benchmark::DoNotOptimize(ops::encode_grid(x, CodeBook::ternary, Granularity::row, scale, {}, -1, 1));
  }
  report(state);
}
void dequantize_rows(benchmark::State& state) {
  const QTensor q = ops::encode_absmax(input(), CodeBook::int8, Granularity::row).q;
  for (auto _ : state) benchmark::DoNotOptimize(dequantize(q));
  report(state);
}
void apply_mask(benchmark::State& state) {
  const Tensor x = input();
  const Tensor mask = ops::encode_absmax(x, CodeBook::int8, Granularity::row, {ops::PassRule::On::value}).pass;
  for (auto _ : state) benchmark::DoNotOptimize(ops::apply_mask(x, mask));
  report(state);
}
void scale_gradient(benchmark::State& state) {
  const Tensor x = input(), scale = Tensor::from(Shape({1}), std::vector<float>{0.3f});
  for (auto _ : state) benchmark::DoNotOptimize(ops::grid_sums(x, x, Granularity::tensor, scale, {}, -8, 7));
  report(state);
}

BENCHMARK(copy)->UseRealTime();
BENCHMARK(encode_absmax)
    ->Arg(static_cast<int>(Granularity::row))
    ->Arg(static_cast<int>(Granularity::tensor))
    ->UseRealTime();
BENCHMARK(encode_absmax_with_mask)->UseRealTime();
BENCHMARK(ternary_weight)->UseRealTime();
BENCHMARK(dequantize_rows)->UseRealTime();
BENCHMARK(apply_mask)->UseRealTime();
BENCHMARK(scale_gradient)->UseRealTime();

}  // namespace
}  // namespace lowbit
