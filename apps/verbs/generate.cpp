#include <fmt/format.h>
#include <omp.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/lib/log/log.h"
#include "apps/lib/log/progress.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/model/translator.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "data/corpus/fairseq_data.h"
#include "data/corpus/parallel_text.h"

namespace lowbit {
namespace {

enum class OutputFormat : uint8_t { plain, fairseq, jsonl };

struct GenerateOptions {
  std::string model, input = "-", subset = "test";
  OutputFormat format = OutputFormat::plain;
  GenerationConfig search = kDefaultSearch;
  Languages languages;
  int64_t max_tokens = 2048, threads = 0;
  LogConfig log;
};

void declare(OptionRegistry& r, GenerateOptions& o) {
  r.add("generate.model", o.model, "model folder, checkpoint or run").positional("MODEL_OR_RUN").required();
  r.add("generate.input", o.input,
        "text, one sentence a line; -: standard input; or a folder that fairseq-preprocess wrote");
  r.add("generate.subset", o.subset, "which split of such a folder").alias("gen-subset");
  r.add("generate.format", o.format,
        {{"plain", OutputFormat::plain}, {"fairseq", OutputFormat::fairseq}, {"jsonl", OutputFormat::jsonl}},
        "plain: best hypotheses; fairseq: S- H- D- P- lines; jsonl: one object a line");
  declare_generation_options(r, o.search);
  declare_language_options(r, o.languages);
  r.add("generate.max_tokens", o.max_tokens, "source tokens of a batch, padding counted").range(1, 1 << 24);
  r.add("run.threads", o.threads, "0: all cores").alias("threads").range(0, 1024);
  declare_progress_options(r, o.log, "sentences between log lines");
}

std::vector<std::string> read_input(const GenerateOptions& options, const Tokenizer& tokenizer) {
  const std::string& input = options.input;
  if (std::filesystem::is_directory(input))
    return FairseqData(input, options.subset, options.languages, tokenizer).text().source;
  return input == "-" ? read_lines(std::cin, "standard input") : read_lines(input);
}

/// Progress is for somebody who waits: not for a handful of sentences, and on a stderr that is no terminal only when a
/// form for it was asked for.
LogConfig progress_config(LogConfig config, size_t sentences) {
  constexpr size_t kHandful = 16;
  const bool shown = config.format != LogFormat::tqdm || stderr_traits().interactive;
  if (sentences <= kHandful || !shown) config.format = LogFormat::none;
  return config;
}

std::string numbers(const std::vector<float>& values) { return fmt::format("{:.4f}", fmt::join(values, " ")); }

void print(const std::string& source, const Translation& translation, size_t row, OutputFormat format) {
  if (format == OutputFormat::fairseq) write_output(fmt::format("S-{}\t{}\n", row, source));
  nlohmann::ordered_json hypotheses = nlohmann::ordered_json::array();
  for (size_t i = 0; i < translation.texts.size(); ++i) {
    const Hypothesis empty;
    const Hypothesis& h = translation.hypotheses.empty() ? empty : translation.hypotheses[i];
    const std::string& text = translation.texts[i];
    switch (format) {
      case OutputFormat::plain:
        write_output(text + "\n");
        break;
      case OutputFormat::fairseq:
        write_output(
            fmt::format("H-{0}\t{1}\t{2}\nD-{0}\t{1}\t{2}\nP-{0}\t{3}\n", row, h.score, text, numbers(h.token_scores)));
        break;
      case OutputFormat::jsonl:
        hypotheses.push_back({{"text", text}, {"score", h.score}, {"tokens", h.tokens}});
    }
  }
  if (format == OutputFormat::jsonl)
    write_output(nlohmann::ordered_json{{"id", row}, {"source", source}, {"hypotheses", hypotheses}}.dump() + "\n");
}

int run(const GenerateOptions& options, const OptionRegistry& registry) {
  if (options.threads > 0) omp_set_num_threads(static_cast<int>(options.threads));
  const LoadedModel loaded = load_model(options.model);
  const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(loaded, options.languages);
  const std::vector<std::string> sources = read_input(options, *tokenizer);
  const GenerationConfig search = search_of(loaded, options.search, registry);
  Translator translator(*loaded.model, *tokenizer, {.generation = search, .max_tokens = options.max_tokens});
  std::vector<Translation> translations;
  {
    Progress progress("generate", static_cast<int64_t>(sources.size()), progress_config(options.log, sources.size()));
    translations = translator.translate(
        sources, [&](int64_t done) { progress.advance(done, [] { return nlohmann::ordered_json::object(); }); });
  }
  for (size_t i = 0; i < sources.size(); ++i) print(sources[i], translations[i], i, options.format);
  flush_output();
  return 0;
}

}  // namespace

Verb generate_verb() {
  return make_verb<GenerateOptions>("generate", "translate or summarise: text in, one hypothesis a line out", declare,
                                    run);
}

}  // namespace lowbit
