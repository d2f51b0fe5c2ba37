#include <omp.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/lib/log/log.h"
#include "apps/lib/log/metrics_schema.h"
#include "apps/lib/model/evaluate.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "core/files/atomic.h"
#include "data/baselines.h"
#include "data/metrics/chrf.h"
#include "nn/quant/bits.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct CompareOptions {
  std::string data, out, title;
  std::vector<std::string> models;
  GenerationConfig search = kDefaultSearch;
  int64_t max_tokens = 2048, threads = 0, samples = 3;
};

void declare(OptionRegistry& r, CompareOptions& o) {
  r.add("compare.data", o.data, "folder that `lowbit prepare` wrote; its test.tsv is translated")
      .positional("DATA")
      .required();
  r.add("compare.models", o.models, "models to compare, each NAME=FOLDER or a folder").positional("MODEL");
  r.add("compare.out", o.out, "results file to write, for `lowbit report`");
  r.add("compare.title", o.title, "of the results");
  r.add("compare.samples", o.samples, "sentences shown from each system").range(0, 100);
  declare_generation_options(r, o.search);
  r.add("compare.max_tokens", o.max_tokens, "source tokens of a batch, padding counted").range(1, 1 << 24);
  r.add("run.threads", o.threads, "0: all cores").alias("threads").range(0, 1024);
}

/// One row of the table and the sentences behind it.
struct System {
  Json row;
  std::vector<std::string> outputs;
};

System baseline(const std::string& name, std::vector<std::string> outputs, const ParallelText& test) {
  const BleuScore bleu = corpus_bleu(outputs, {test.target});
  const double ratio = static_cast<double>(bleu.hypothesis_length) / static_cast<double>(bleu.reference_length);
  return {{{"name", name},
           {"bits", nullptr},
           {"output_bits", nullptr},
           {"size_bytes", nullptr},
           {"bleu", bleu.score},
           {"signature", bleu.signature},
           {"length_ratio", ratio},
           {"baseline", true}},
          std::move(outputs)};
}

System translate(const std::string& argument, const ParallelText& test, const CompareOptions& options) {
  const size_t equals = argument.find('=');
  const std::string path = equals == std::string::npos ? argument : argument.substr(equals + 1);
  const std::string name =
      equals == std::string::npos ? fs::path(path).filename().string() : argument.substr(0, equals);
  const LoadedModel loaded = load_model(path);
  const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(loaded);
  Translator translator(*loaded.model, *tokenizer, {.generation = options.search, .max_tokens = options.max_tokens});
  translator.translate(first_rows(test, 16).source);  // packs weights, warms caches
  TranslationFigures figures = evaluate_translation(translator, test);
  const BitWidths bits = bits_of(*loaded.model);
  log_info("{}: BLEU {:.2f}", name, figures.bleu.score);
  return {{{"name", name},
           {"bits", fmt::format("{}-{}-{}", bits.weights, bits.embeddings, bits.activations)},
           {"output_bits", bits.output},
           {"size_bytes", model_bytes(loaded)},
           {"bleu", figures.bleu.score},
           {"signature", figures.bleu.signature},
           {"beam", beam_of(options.search)},
           {"length_ratio", figures.length_ratio()},
           {"sentences_per_s", static_cast<double>(figures.sentences) / figures.seconds},
           {"tokens_per_s", static_cast<double>(figures.tokens) / figures.seconds}},
          std::move(figures.outputs)};
}

void add_chrf(System& system, const ParallelText& test) {
  const ChrfScore chrf = corpus_chrf(system.outputs, {test.target});
  system.row["chrf"] = chrf.score;
  system.row["chrf_signature"] = chrf.signature;
}

std::string table(const std::vector<System>& systems, const GenerationConfig& search) {
  std::string text = fmt::format("{:<20} {:>10} {:>4} {:>12} {:>6} {:>6} {:>8} {:>12} {:>9}\n", "system", "bits W-E-A",
                                 "O", "bytes", "BLEU", "chrF2", "length", "sentences/s", "tokens/s");
  for (const System& system : systems) {
    const Json& row = system.row;
    const bool model = !row.contains("baseline");
    text += fmt::format("{:<20} {:>10} {:>4} {:>12} {:>6.2f} {:>6.2f} {:>8.3f} {:>12} {:>9}\n",
                        row["name"].get<std::string>(), model ? row["bits"].get<std::string>() : "-",
                        model ? fmt::format("{}", row["output_bits"].get<int>()) : "-",
                        model ? fmt::format("{}", row["size_bytes"].get<int64_t>()) : "-", row["bleu"].get<double>(),
                        row["chrf"].get<double>(), row["length_ratio"].get<double>(),
                        model ? fmt::format("{:.0f}", row["sentences_per_s"].get<double>()) : "-",
                        model ? fmt::format("{:.0f}", row["tokens_per_s"].get<double>()) : "-");
  }
  const Json& first = systems.front().row;
  return text + fmt::format("BLEU: {}, {}\nchrF2: {}\n", first["signature"].get<std::string>(), describe_search(search),
                            first["chrf_signature"].get<std::string>());
}

/// Rows spread over the test set, the same for every system.
Json samples(const std::vector<System>& systems, const ParallelText& test, int64_t count) {
  Json list = Json::array();
  for (int64_t i = 0; i < std::min(count, test.size()); ++i) {
    const auto row = static_cast<size_t>((2 * i + 1) * test.size() / (2 * count));
    Json outputs = Json::object();
    for (const System& system : systems) outputs[system.row["name"].get<std::string>()] = system.outputs[row];
    list.push_back({{"source", test.source[row]}, {"reference", test.target[row]}, {"outputs", outputs}});
  }
  return list;
}

std::string side_by_side(const Json& sample) {
  std::string text = fmt::format("\n{:<20} {}\n{:<20} {}\n", "source", sample["source"].get<std::string>(), "reference",
                                 sample["reference"].get<std::string>());
  for (const auto& [name, output] : sample["outputs"].items())
    text += fmt::format("{:<20} {}\n", name, output.get<std::string>());
  return text;
}

int run(const CompareOptions& options, const OptionRegistry&) {
  if (options.threads > 0) omp_set_num_threads(static_cast<int>(options.threads));
  const ParallelText train = read_parallel_tsv(fs::path(options.data) / "train.tsv");
  const ParallelText test = read_parallel_tsv(fs::path(options.data) / "test.tsv");
  std::vector<System> systems = {baseline("copy-source", test.source, test)};
  const TranslationMemory memory(train.source, train.target);
  std::vector<std::string> nearest;
  for (const std::string& source : test.source) nearest.push_back(memory.translate(source));
  systems.push_back(baseline("translation-memory", std::move(nearest), test));
  for (const std::string& model : options.models) systems.push_back(translate(model, test, options));
  for (System& system : systems) add_chrf(system, test);
  Json results = {{"schema", kMetricsSchema},
                  {"title", options.title.empty() ? options.data : options.title},
                  {"systems", Json::array()}};
  for (const System& system : systems) results["systems"].push_back(system.row);
  results["samples"] = samples(systems, test, options.samples);
  write_output(table(systems, options.search));
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
