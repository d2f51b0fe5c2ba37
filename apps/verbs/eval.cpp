#include <omp.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numbers>

#include "apps/lib/log/log.h"
#include "apps/lib/model/evaluate.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "data/corpus/fairseq_data.h"

namespace lowbit {
namespace {

struct EvalOptions {
  std::string model, data, subset = "test";
  GenerationConfig search = kDefaultSearch;
  Languages languages;
  int64_t language_column = 0, max_tokens = 2048, threads = 0;
  bool json = false;
};

void declare(OptionRegistry& r, EvalOptions& o) {
  r.add("eval.model", o.model, "model folder, checkpoint or run").positional("MODEL_OR_RUN").required();
  r.add("eval.data", o.data,
        "tab-separated file whose last columns are source and target, or a folder that `lowbit prepare` or "
        "fairseq-preprocess wrote")
      .positional("FILE.tsv")
      .required();
  r.add("eval.subset", o.subset, "which split of such a folder: test, dev (valid of fairseq-preprocess) or train")
      .alias("gen-subset");
  declare_generation_options(r, o.search);
  declare_language_options(r, o.languages);
  declare_language_column(r, o.language_column);
  r.add("eval.max_tokens", o.max_tokens, "tokens of a batch, padding counted").range(1, 1 << 24);
  r.add("run.threads", o.threads, "0: all cores").alias("threads").range(0, 1024);
  r.add("eval.json", o.json, "print one JSON object");
}

struct EvalSet {
  TokenDataset ids;
  ParallelText text;
};

EvalSet read_set(const EvalOptions& options, const Tokenizer& tokenizer) {
  std::filesystem::path file = options.data;
  if (std::filesystem::is_directory(file)) {
    const bool prepared = std::filesystem::exists(file / "train.tsv");
    file /= options.subset + ".tsv";
    if (!prepared && !std::filesystem::exists(file)) {
      const FairseqData data(options.data, options.subset, options.languages, tokenizer);
      return {data.dataset(), data.text()};
    }
  }
  ParallelText text = read_parallel_tsv(file, {.language = static_cast<int>(options.language_column)});
  return {tokenize(text, tokenizer, options.languages.source), std::move(text)};
}

int run(const EvalOptions& options, const OptionRegistry& registry) {
  if (options.threads > 0) omp_set_num_threads(static_cast<int>(options.threads));
  const LoadedModel loaded = load_model(options.model);
  const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(loaded, options.languages);
  const auto [ids, text] = read_set(options, *tokenizer);
  const LossFigures loss = evaluate_loss(*loaded.model, ids, options.max_tokens);
  if (!loss.left_out.empty()) log_warning("{}: the loss: {}", options.data, loss.left_out);
  const GenerationConfig search = search_of(loaded, options.search, registry);
  const TranslationFigures figures =
      evaluate_translation(*loaded.model, *tokenizer, {.generation = search, .max_tokens = options.max_tokens}, text,
                           options.languages.source);
  nlohmann::ordered_json record = {{"model", loaded.folder},
                                   {"rows", text.size()},
                                   {"nll_loss", loss.nll / std::numbers::ln2},
                                   {"ppl", std::exp(loss.nll)},
                                   {"bleu", figures.bleu.score},
                                   {"signature", figures.bleu.signature},
                                   {"beam", beam_of(search)},
                                   {"length_ratio", length_ratio(figures.bleu)},
                                   {"sentences_per_s", static_cast<double>(figures.sentences) / figures.seconds},
                                   {"tokens_per_s", static_cast<double>(figures.tokens) / figures.seconds}};
  for (const auto& [language, bleu] : figures.by_language)
    record["by_language"][language] = {{"bleu", bleu.score}, {"length_ratio", length_ratio(bleu)}};
  if (options.json) {
    write_output(record.dump() + "\n");
  } else {
    write_output(
        fmt::format("{} rows | nll_loss {:.3f} | ppl {:.2f} | BLEU {:.2f} ({}, {}) | length ratio {:.3f} | {:.0f} "
                    "sentences/s | {:.0f} tokens/s\n",
                    text.size(), record["nll_loss"].get<double>(), record["ppl"].get<double>(), figures.bleu.score,
                    figures.bleu.signature, describe_search(search), length_ratio(figures.bleu),
                    record["sentences_per_s"].get<double>(), record["tokens_per_s"].get<double>()));
    for (const auto& [language, bleu] : figures.by_language)
      write_output(fmt::format("{}: BLEU {:.2f} | length ratio {:.3f}\n", language, bleu.score, length_ratio(bleu)));
  }
  return 0;
}

}  // namespace

Verb eval_verb() {
  return make_verb<EvalOptions>("eval", "loss, perplexity and BLEU of a model on a set", declare, run);
}

}  // namespace lowbit
