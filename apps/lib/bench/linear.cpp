#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "apps/lib/bench/bench.h"
#include "apps/lib/bench/peak_memory.h"
#include "apps/lib/bench/timing.h"
#include "autograd/grad_mode.h"
#include "core/error.h"
#include "core/ops/matmul.h"
#include "core/ops/qmatmul.h"
#include "core/random.h"
#include "nn/quant/registry.h"

namespace lowbit {
namespace {

constexpr double kSliceSeconds = 2e-3;  ///< a round repeats short calls until the clock does not matter

/// The quantizers that recipes/tbt-*.yaml put at such a place.
std::string weight_spec(const std::string& weights) {
  if (weights == "binary") return "tbt_weight bits=1";
  if (weights == "ternary") return "tbt_weight bits=2";
  return weights == "int4" ? "absmax bits=4" : "absmax bits=8";
}
std::string activation_spec(const std::string& acts) {
  return acts == "binary" ? "tbt_activation bits=1" : "tbt_activation bits=8";
}

/// Seconds of one call, a value a round.
std::vector<double> time_calls(const BenchOptions& options, const std::function<void()>& call) {
  call();
  const double once = seconds_of(call);
  const auto repeats = static_cast<int64_t>(std::max(1.0, std::ceil(kSliceSeconds / std::max(once, 1e-9))));
  std::vector<double> seconds;
  run_rounds(options, [&](bool counts) {
    const double slice = seconds_of([&] {
      for (int64_t i = 0; i < repeats; ++i) call();
    });
    if (counts) seconds.push_back(slice / static_cast<double>(repeats));
  });
  return seconds;
}

/// One call of the layer; what it reads lives in it.
std::function<void()> layer_call(const BenchOptions& options) {
  const Tensor x = random_normal({options.m, options.k}, 0, 1, 1);
  const Tensor w = random_normal({options.n, options.k}, 0, 0.02, 2);
  if (options.weights == "f32") return [x, w] { ops::matmul(x, w, {.transpose_b = true}); };
  const PackedWeight packed = pack_weight(make_quantizer(weight_spec(options.weights))->encode(w).q);
  const std::shared_ptr<Quantizer> quantizer = make_quantizer(activation_spec(options.acts));
  quantizer->calibrate(x);
  return [x, packed, quantizer] { ops::qlinear(quantizer->encode(x).q, packed); };
}

}  // namespace

BenchResult bench_linear(const BenchOptions& options) {
  LB_REQUIRE((options.weights == "f32") == (options.acts == "f32"), ErrorKind::usage, "bench",
             "--weights {} and --acts {}: codes meet codes and floats meet floats; give f32 to both or to none",
             options.weights, options.acts);
  LB_REQUIRE(options.profile.empty(), ErrorKind::usage, "bench",
             "--profile: linear is one op; profile train-step or decode");
  const GradMode off(false);
  const std::function<void()> call = layer_call(options);
  const PeakMemory memory;
  BenchResult result{.phases = {{"call_s", time_calls(options, call)}}, .tokens = static_cast<double>(options.m)};
  result.peak_bytes = memory.tensor_bytes();
  result.peak_rss_bytes = memory.resident_bytes();
  return result;
}

}  // namespace lowbit
