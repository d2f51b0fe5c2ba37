#include <omp.h>

#include <filesystem>

#include "apps/lib/compare/systems.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/program/output.h"
#include "apps/lib/train/text_task.h"
#include "apps/verbs/verbs.h"
#include "core/files/atomic.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct CompareOptions {
  std::string data, out, title;
  std::vector<std::string> models;
  CompareSettings settings{.search = kDefaultSearch};
  int64_t language_column = 0, threads = 0, samples = 3;
};

void declare(OptionRegistry& r, CompareOptions& o) {
  r.add("compare.data", o.data, "folder that `lowbit prepare` wrote; its test.tsv is translated")
      .positional("DATA")
      .required();
  r.add("compare.models", o.models, "models to compare, each NAME=FOLDER or a folder").positional("MODEL");
  r.add("compare.out", o.out, "results file to write, for `lowbit report`");
  r.add("compare.title", o.title, "of the results");
  r.add("compare.samples", o.samples, "sentences shown from each system").range(0, 100);
  declare_metric(r, "compare.metric", o.settings.metric);
  declare_generation_options(r, o.settings.search);
  r.add("data.source_lang", o.settings.source_language,
        "language of the source: mBART's code, or a token of our vocabulary");
  declare_language_column(r, o.language_column);
  r.add("compare.max_tokens", o.settings.max_tokens, "source tokens of a batch, padding counted").range(1, 1 << 24);
  r.add("run.threads", o.threads, "0: all cores").alias("threads").range(0, 1024);
}

std::string side_by_side(const Json& sample) {
  std::string text = fmt::format("\n{:<20} {}\n{:<20} {}\n", "source", sample["source"].get<std::string>(), "reference",
                                 sample["reference"].get<std::string>());
  for (const auto& [name, output] : sample["outputs"].items())
    text += fmt::format("{:<20} {}\n", name, output.get<std::string>());
  return text;
}

int run(const CompareOptions& options, const OptionRegistry& registry) {
  if (options.threads > 0) omp_set_num_threads(static_cast<int>(options.threads));
  const TsvColumns columns{.language = static_cast<int>(options.language_column)};
  expect_corpus_folder("compare.data", options.data);
  const ParallelText train = read_parallel_tsv(fs::path(options.data) / "train.tsv", columns);
  const ParallelText test = read_parallel_tsv(fs::path(options.data) / "test.tsv", columns);
  std::vector<System> systems = baselines(train, test, options.settings);
  for (const std::string& model : options.models)
    systems.push_back(score_model(model, test, options.settings, registry));
  const Json results =
      results_json(options.title.empty() ? options.data : options.title, systems, test, options.samples);
  write_output(systems_text(systems, options.settings));
  for (const Json& sample : results["samples"]) write_output(side_by_side(sample));
  if (!options.out.empty()) write_file_atomically(options.out, results.dump(2) + "\n");
  return 0;
}

}  // namespace

Verb compare_verb() {
  return make_verb<CompareOptions>("compare", "score models side by side with the baselines that they must beat",
                                   declare, run);
}

}  // namespace lowbit
