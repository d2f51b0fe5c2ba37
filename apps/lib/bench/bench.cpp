#include "apps/lib/bench/bench.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/lib/program/build_info.h"
#include "apps/lib/train/run_choices.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

/// Between the two nearest values, as Python's statistics.quantiles(method="inclusive"), which the rivals use.
double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - std::floor(place)) * (values[above] - values[below]);
}

Json all_options(const BenchOptions& o) {
  return {{"model", o.model},
          {"batch", o.batch},
          {"src", o.src},
          {"tgt", o.tgt},
          {"tokens", o.tokens},
          {"dtype", name_of(matmul_names(), o.dtype)},
          {"precision", row_of(o.precision).name},
          {"recompute", name_of(recompute_names(), o.recompute)},
          {"recipe", o.recipe},
          {"output_bits", o.output_bits},
          {"teacher", o.teacher},
          {"m", o.m},
          {"k", o.k},
          {"n", o.n},
          {"weights", o.weights},
          {"acts", o.acts}};
}

std::string cell(const std::string& key, const Json& value) {
  if (value.is_null()) return "unknown";
  if (value.is_array()) return fmt::format("{}", fmt::join(value.get<std::vector<std::string>>(), " "));
  if (key.ends_with("_bytes")) return fmt::format("{:.1f} MiB", value.get<double>() / (1 << 20));
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::span<const BenchmarkKind> benchmarks() {
  static const std::array<BenchmarkKind, 3> table = {{
      {"train-step",
       {"model", "batch", "src", "tgt", "dtype", "precision", "recompute", "recipe", "output_bits", "teacher"},
       bench_train_step},
      {"decode", {"model", "batch", "src", "tokens", "recipe", "output_bits"}, bench_decode},
      {"linear", {"m", "k", "n", "weights", "acts"}, bench_linear},
  }};
  return table;
}

std::vector<std::string> benchmark_names() {
  std::vector<std::string> names;
  for (const BenchmarkKind& kind : benchmarks()) names.emplace_back(kind.name);
  return names;
}

const BenchmarkKind& find_benchmark(std::string_view name) {
  for (const BenchmarkKind& kind : benchmarks())
    if (kind.name == name) return kind;
  fail(ErrorKind::usage, "bench", "no benchmark '{}'{}", name, nearest_hint(name, benchmark_names()));
}

Json to_json(const BenchOptions& options, const BenchResult& result) {
  Json report = {{"program", fmt::format("lowbit {}", build_info().version)}, {"benchmark", options.name}};
  const Json all = all_options(options);
  for (const std::string& key : find_benchmark(options.name).options) report[key] = all.at(key);
  report["threads"] = omp_get_max_threads();
  report["rounds"] = options.rounds;
  report["warmup"] = options.warmup;
  for (const Phase& phase : result.phases) report[phase.name] = quantile(phase.seconds, 0.5);
  const Phase& whole = result.phases.back();
  report[whole.name + "_p25"] = quantile(whole.seconds, 0.25);
  report[whole.name + "_p75"] = quantile(whole.seconds, 0.75);
  report["tokens_per_s"] = result.tokens / report[whole.name].get<double>();
  report["peak_bytes"] = result.peak_bytes;
  report["peak_rss_bytes"] = result.peak_rss_bytes ? Json(*result.peak_rss_bytes) : Json(nullptr);
  report["cpu"] = cpu_brand();
  report["cpu_features"] = cpu_features().names();
  return report;
}

std::string to_table(const Json& report) {
  std::string table;
  for (const auto& [key, value] : report.items()) table += fmt::format("{:<16}{}\n", key, cell(key, value));
  return table;
}

}  // namespace lowbit
