#include "apps/lib/bench/bench.h"

#include <omp.h>

#include <algorithm>

#include "apps/lib/program/output.h"
#include "apps/lib/train/precision_options.h"
#include "apps/lib/train/run_choices.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "core/files/atomic.h"
#include "nn/transformer/config.h"

namespace lowbit {
namespace {

struct BenchVerb {
  BenchOptions options;
  bool json = false;
};

const std::vector<std::string> kCommonOptions = {"name", "threads", "rounds", "warmup", "profile", "json"};

void declare(OptionRegistry& r, BenchVerb& verb) {
  BenchOptions& o = verb.options;
  constexpr double kLargest = 1 << 20;
  r.add("bench.name", o.name, "what to time").choices(benchmark_names()).positional("BENCHMARK").required();
  r.add("bench.model", o.model, "train-step, decode: architecture preset, with random weights")
      .choices(transformer_preset_names());
  r.add("bench.batch", o.batch, "train-step, decode: sentences").range(1, kLargest);
  r.add("bench.src", o.src, "train-step, decode: source tokens of a sentence").range(1, kLargest);
  r.add("bench.tgt", o.tgt, "train-step: target tokens of a sentence").range(1, kLargest);
  r.add("bench.tokens", o.tokens, "decode: target tokens of a sentence; none of them ends it").range(1, kLargest);
  r.add("bench.recipe", o.recipe, "train-step, decode: a name from recipes/ or a .yaml file; none: float");
  r.add("bench.output_bits", o.output_bits, "train-step, decode: bits of the output projection; 0 keeps the recipe's")
      .range(0, 32);
  r.add("bench.dtype", o.dtype, matmul_names(),
        "train-step: how matrices are multiplied; the same as run.matmul of train")
      .alias("matmul");
  r.add("bench.precision", o.precision, precision_policy_names(),
        "train-step: what is stored in which type; the same as precision.policy of train");
  r.add("bench.recompute", o.recompute, recompute_names(),
        "train-step: what backward computes again instead of keeping it; the same as run.recompute of train");
  r.add("bench.teacher", o.teacher,
        "train-step: distil from a float teacher of the same shape, by all four terms of kd");
  r.add("bench.m", o.m, "linear: rows of the input").range(1, kLargest);
  r.add("bench.k", o.k, "linear: columns of the input").range(1, 65536);
  r.add("bench.n", o.n, "linear: rows of the weight").range(1, kLargest);
  r.add("bench.weights", o.weights, "linear: format of the weight")
      .choices({"binary", "ternary", "int4", "int8", "f32"});
  r.add("bench.acts", o.acts, "linear: format of the input, made from floats in the timed part")
      .choices({"int8", "binary", "f32"});
  r.add("bench.threads", o.threads, "0: all cores").range(0, 1024);
  r.add("bench.rounds", o.rounds, "timed repetitions").range(1, kLargest);
  r.add("bench.warmup", o.warmup, "repetitions before them that do not count").range(0, kLargest);
  r.add("bench.profile", o.profile,
        "file for a Chrome trace of the timed rounds; their time by op and site goes to standard error");
  r.add("bench.json", verb.json, "print one JSON object");
}

/// An option of another benchmark on the command line would change nothing, and its user would not notice.
void refuse_foreign_options(const BenchmarkKind& kind, const OptionRegistry& registry) {
  const auto holds = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const Option& option : registry.options()) {
    if (option.settings().empty() || holds(kCommonOptions, option.name()) || holds(kind.options, option.name()))
      continue;
    const Setting& setting = option.settings().back();
    LB_REQUIRE(setting.origin != Origin::flag && setting.origin != Origin::key_value, ErrorKind::usage, setting.where,
               "{} has no effect on {}: leave it out", option.key(), kind.name);
  }
}

int run(const BenchVerb& verb, const OptionRegistry& registry) {
  BenchOptions options = verb.options;
  const BenchmarkKind& kind = find_benchmark(options.name);
  refuse_foreign_options(kind, registry);
  if (options.threads > 0) omp_set_num_threads(static_cast<int>(options.threads));
  if (!options.profile.empty()) {
    AtomicFile(options.profile);      // so that a place that cannot be written is told before the benchmark
    options.peaks = measure_peaks();  // first: its memory is none of the benchmark's
  }
  const nlohmann::ordered_json report = to_json(options, kind.run(options));
  write_output(verb.json ? report.dump() + "\n" : to_table(report));
  return 0;
}

}  // namespace

Verb bench_verb() {
  return make_verb<BenchVerb>("bench", "time a training step, decoding or one layer on random data", declare, run);
}

}  // namespace lowbit
