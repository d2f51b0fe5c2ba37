// Is a low-bit linear layer faster than the float one? Each row runs oneDNN's f32 GEMM and ours in turn, in one
// process, and prints the median of the rounds' ratios with its quartiles. ARGS: m k n, the books of w and x.
#include <benchmark/benchmark.h>
#include <dnnl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/ops/qmatmul.h"
#include "core/ops/quantize.h"
#include "core/random.h"

namespace lowbit {
namespace {

template <class Fn>
double seconds_of(Fn fn) {
  const auto start = std::chrono::steady_clock::now();
  fn();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double quantile(std::vector<double> values, double q) {
  const auto at = values.begin() + static_cast<ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

QTensor encode(const Tensor& x, CodeBook book) {
  if (book == CodeBook::binary)
    return ops::encode_sign(x, Granularity::row, ops::group_stats(x, Granularity::row).mean_abs).q;
  return ops::encode_absmax(x, book, Granularity::row).q;
}

/// `with_encoding` counts the quantization of x too.
void qlinear(benchmark::State& state, bool with_encoding) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2);
  const CodeBook book = static_cast<CodeBook>(state.range(3)), x_book = static_cast<CodeBook>(state.range(4));
  const Tensor x = random_normal(Shape({m, k}), 0, 1, 1), w = random_normal(Shape({n, k}), 0, 1, 2);
  const PackedWeight packed = pack_weight(encode(w, book));
  const QTensor codes = encode(x, x_book);
  Tensor y = Tensor::empty(Shape({m, n}));
  const auto rival = [&] {
    dnnl_sgemm('N', 'T', m, n, k, 1.0f, x.data<float>(), k, w.data<float>(), k, 0.0f, y.mutable_data<float>(), n);
  };
  const auto ours = [&] { benchmark::DoNotOptimize(ops::qlinear(with_encoding ? encode(x, x_book) : codes, packed)); };
  // Slices of at least half a millisecond, so that the clock does not matter.
  const int repeat = static_cast<int>(1 + 50'000'000 / (m * n * k));
  std::vector<double> ratios, times;
  for (auto _ : state) {
    const double f32 = seconds_of([&] {
                         for (int i = 0; i < repeat; ++i) rival();
                       }) /
                       repeat;
    const double low = seconds_of([&] {
                         for (int i = 0; i < repeat; ++i) ours();
                       }) /
                       repeat;
    ratios.push_back(f32 / low);
    times.push_back(low);
    state.SetIterationTime(low);
  }
  const double work = 2.0 * static_cast<double>(m * n * k);
  state.counters["x_f32"] = quantile(ratios, 0.5);
  state.counters["p25"] = quantile(ratios, 0.25);
  state.counters["p75"] = quantile(ratios, 0.75);
  state.counters["GOPS"] = work / quantile(times, 0.5) * 1e-9;
  state.counters["us"] = quantile(times, 0.5) * 1e6;
  state.SetLabel(fmt::format("{} x {}", to_string(x_book), to_string(book)));
}

void shapes(benchmark::internal::Benchmark* b) {
  for (const auto book : {CodeBook::binary, CodeBook::ternary, CodeBook::int4, CodeBook::int8})
    for (const auto& s : {std::array<int64_t, 3>{2000, 768, 192},
                          {2000, 192, 768},
                          {512, 1024, 1024},
                          {1, 768, 768},
                          {1, 1024, 4096},
                          {8, 768, 768}})
      b->Args({s[0], s[1], s[2], static_cast<int64_t>(book), static_cast<int64_t>(CodeBook::int8)});
  b->UseManualTime()->Iterations(21);
}

/// From one token to a batch, on a small layer, a large one and a vocabulary.
void token_shapes(benchmark::internal::Benchmark* b) {
  using Books = std::pair<CodeBook, CodeBook>;
  for (const auto& [k, n] : {std::pair<int64_t, int64_t>{1024, 1024}, {4096, 4096}, {768, 50265}})
    for (const auto& [book, x_book] :
         {Books{CodeBook::ternary, CodeBook::int8}, Books{CodeBook::binary, CodeBook::int8},
          Books{CodeBook::binary, CodeBook::binary}, Books{CodeBook::ternary, CodeBook::ternary},
          Books{CodeBook::int8, CodeBook::int8}})
      for (const int64_t m : {1, 4, 8, 16, 512})
        b->Args({m, k, n, static_cast<int64_t>(book), static_cast<int64_t>(x_book)});
  b->UseManualTime()->Iterations(5);
}
BENCHMARK_CAPTURE(qlinear, gemm, false)->Apply(shapes);
BENCHMARK_CAPTURE(qlinear, with_encoding, true)->Apply(shapes);
BENCHMARK_CAPTURE(qlinear, tokens, false)->Apply(token_shapes);
BENCHMARK_CAPTURE(qlinear, tokens_with_encoding, true)->Apply(token_shapes);

}  // namespace
}  // namespace lowbit
