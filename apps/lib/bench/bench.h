#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/lib/profile/machine_peaks.h"
#include "core/ops/matmul.h"
#include "nn/precision_policy.h"

namespace lowbit {

/// What `lowbit bench` is told; each benchmark reads its own part (BenchmarkKind::options).
struct BenchOptions {
  std::string name;
  int64_t threads = 1, rounds = 7, warmup = 2;
  std::string profile;   ///< file for a Chrome trace; empty: no profile
  MachinePeaks peaks{};  ///< what the profile compares with

  std::string model = "bart-base", recipe = "none";
  ops::MatmulPrecision dtype = ops::MatmulPrecision::f32;
  PrecisionPolicy precision = PrecisionPolicy::fp32;
  Recompute recompute = Recompute::nothing;
  int64_t output_bits = 0;  ///< 0: the recipe's
  int64_t batch = 8, src = 128, tgt = 64, tokens = 48;
  bool teacher = false;

  int64_t m = 512, k = 768, n = 768;
  std::string weights = "ternary", acts = "int8";
};

/// Wall times of one phase, a value a round.
struct Phase {
  std::string name;  ///< "forward_s"
  std::vector<double> seconds;
};

struct BenchResult {
  std::vector<Phase> phases;              ///< the last one is the whole
  double tokens = 0;                      ///< what one value of the last phase processes
  size_t peak_bytes = 0;                  ///< of tensors, since the model was ready
  std::optional<int64_t> peak_rss_bytes;  ///< of the process, since then; none where the kernel cannot say
};

/// A row of the table of benchmarks.
struct BenchmarkKind {
  std::string_view name;
  std::vector<std::string> options;  ///< those it reads besides the common ones
  BenchResult (*run)(const BenchOptions&);
};
std::span<const BenchmarkKind> benchmarks();
std::vector<std::string> benchmark_names();
/// Error (usage) for an unknown name.
const BenchmarkKind& find_benchmark(std::string_view name);

/// What was asked, then the medians by phase, the quartiles of the last phase, tokens_per_s, peak_bytes and
/// peak_rss_bytes, and the machine.
nlohmann::ordered_json to_json(const BenchOptions& options, const BenchResult& result);
/// The same for people.
std::string to_table(const nlohmann::ordered_json& report);

// One file each. Errors (usage): unknown model, recipe or code book, and sizes that do not fit.

/// forward_s, backward_s, optimizer_s, step_s of a training step on random full-length batches: dropout of the preset,
/// label smoothing 0.1, AdamW; with a teacher, its forward pass and the objective of `lowbit distill`.
BenchResult bench_train_step(const BenchOptions& options);
/// token_s of greedy decoding: a call with its encoder pass over the number of target positions.
BenchResult bench_decode(const BenchOptions& options);
/// call_s of x [M, K] times w [N, K] transposed, quantization of x included.
BenchResult bench_linear(const BenchOptions& options);

}  // namespace lowbit
