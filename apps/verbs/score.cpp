#include "data/metrics/score.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "data/corpus/parallel_text.h"

namespace lowbit {
namespace {

struct ScoreConfig {
  std::string metric, hypotheses;
  std::vector<std::string> references;
  ScoreOptions options;
  double smoothing_value = 0;
  bool json = false, show_tokens = false;
};

template <class Value, size_t N>
EnumNames<Value> enum_names(const NameTable<Value, N>& table) {
  return EnumNames<Value>(table.begin(), table.end());
}

// Options of one metric stand in a section of its name, which refuse_foreign_options() relies on.
void declare(OptionRegistry& registry, ScoreConfig& config) {
  constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  const auto metrics = metric_names();
  registry.add("score.metric", config.metric, "what to compute")
      .choices({metrics.begin(), metrics.end()})
      .positional("METRIC")
      .required();
  registry.add("score.hyp", config.hypotheses, "hypotheses, one a line").required();
  registry.add("score.ref", config.references, "references, line by line; several files are several references")
      .required();
  registry.add("score.json", config.json, "print one JSON object");

  BleuOptions& bleu = config.options.bleu;
  registry.add("bleu.tokenize", bleu.tokenizer, enum_names(kBleuTokenizers), "how lines become tokens");
  registry.add("bleu.smooth", bleu.smoothing, enum_names(kBleuSmoothings), "for orders without a match");
  registry.add("bleu.smooth_value", config.smoothing_value, "for floor and add-k; 0 is 0.1 and 1").range(0, kNoLimit);
  registry.add("bleu.effective_order", bleu.effective_order, "only the orders that occur, for single sentences");
  registry.add("bleu.lowercase", bleu.lowercase, "ignore case");
  registry.add("bleu.show_tokens", config.show_tokens, "print every line's tokens instead of a score");
  registry.add("chrf.char_order", config.options.chrf.char_order, "longest character n-gram").range(1, kNoLimit);
  registry.add("chrf.beta", config.options.chrf.beta, "weight of recall against precision").range(1, kNoLimit);
  registry.add("chrf.lowercase", config.options.chrf.lowercase, "ignore case");
  registry.add("ter.case_sensitive", config.options.ter.case_sensitive, "do not ignore case");
  registry.add("rouge.stemmer", config.options.rouge.stemmer, "compare Porter stems");
  registry.add("rouge.split_sentences", config.options.rouge.split_sentences,
               "rougeLsum: sentences also end after . ! and ?, not only at a newline");
}

/// An option of another metric on the command line would change nothing, and its user would not notice.
void refuse_foreign_options(const std::string& metric, const OptionRegistry& registry) {
  const std::string section = metric == "chrf++" ? "chrf" : metric;
  for (const Option& option : registry.options()) {
    const bool is_common = option.section() == "score", is_given = !option.settings().empty();
    if (is_common || !is_given || option.section() == section) continue;
    const Setting& setting = option.settings().back();
    LB_REQUIRE(setting.origin != Origin::flag && setting.origin != Origin::key_value, ErrorKind::usage, setting.where,
               "{} has no effect on {}: leave it out", option.key(), metric);
  }
}

void print_tokens(const Lines& hypotheses, const ReferenceSets& references, const BleuOptions& options) {
  const auto print = [&](std::string_view label, size_t line, const std::string& text) {
    const auto tokens = tokenize_for_bleu(text, options.tokenizer, options.lowercase);
    write_output(fmt::format("{}-{}\t{}\n", label, line + 1, fmt::join(tokens, " ")));
  };
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    print("H", i, hypotheses[i]);
    for (const Lines& set : references) print("R", i, set[i]);
  }
}

/// One object whatever the metric: `score` is a number, or one number per variant.
nlohmann::ordered_json to_json(const std::string& metric, const std::vector<MetricScore>& scores) {
  nlohmann::ordered_json values, details;
  for (const MetricScore& score : scores) {
    values[score.metric] = score.score;
    details[score.metric] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : score.details) details[score.metric][name] = value;
  }
  const bool is_single = scores.size() == 1;
  return {{"metric", metric},
          {"score", is_single ? values.front() : values},
          {"signature", scores.front().signature},
          {"details", is_single ? details.front() : details}};
}

void print_plain(const std::vector<MetricScore>& scores) {
  for (const MetricScore& score : scores) {
    write_output(fmt::format("{} {:.2f}", score.metric, score.score));
    for (const auto& [name, value] : score.details) write_output(fmt::format("  {} {:.4g}", name, value));
    write_output("\n");
  }
  write_output(scores.front().signature + "\n");
}

int run(const ScoreConfig& config, const OptionRegistry& registry) {
  refuse_foreign_options(config.metric, registry);
  LB_REQUIRE(!config.json || !config.show_tokens, ErrorKind::usage, "score",
             "score.json has no effect on bleu.show_tokens: leave one of them out");
  std::vector<std::filesystem::path> files = {config.hypotheses};
  files.insert(files.end(), config.references.begin(), config.references.end());
  std::vector<Lines> texts = read_aligned_lines(files);
  const Lines hypotheses = std::move(texts.front());
  const ReferenceSets references(std::make_move_iterator(texts.begin() + 1), std::make_move_iterator(texts.end()));
  ScoreOptions options = config.options;
  if (config.smoothing_value > 0) options.bleu.smoothing_value = config.smoothing_value;
  if (config.show_tokens) {
    print_tokens(hypotheses, references, options.bleu);
    return 0;
  }
  const std::vector<MetricScore> scores = score(config.metric, hypotheses, references, options);
  if (config.json) {
    write_output(to_json(config.metric, scores).dump() + "\n");
  } else {
    print_plain(scores);
  }
  return 0;
}

}  // namespace

Verb score_verb() {
  return make_verb<ScoreConfig>("score", "score generated text against references: bleu, chrf, chrf++, ter, rouge",
                                declare, run);
}

}  // namespace lowbit
