#include "apps/lib/model/generation_options.h"

#include <fmt/core.h>

#include "apps/lib/model/model_search.h"

namespace lowbit {

std::string describe_search(const GenerationConfig& config) {
  return config.sampling ? "sampling" : fmt::format("beam {}", config.beam);
}

nlohmann::ordered_json beam_of(const GenerationConfig& config) {
  if (config.sampling) return nullptr;
  return config.beam;
}

void declare_generation_options(OptionRegistry& r, GenerationConfig& c) {
  r.add("generate.beam", c.beam, "beams of the search; 1: greedy").alias("num-beams").range(1, 1024);
  r.add("generate.rule", c.rule, {{"fairseq", SearchRule::fairseq}, {"hf", SearchRule::hf}},
        "whose rules of length and end");
  r.add("generate.n_best", c.n_best, "hypotheses printed for a sentence").alias("nbest").range(1, 1024);
  r.add("generate.max_len_a", c.max_len_a, "maximum length: a * source + b").range(0, 100);
  r.add("generate.max_len_b", c.max_len_b, "maximum length: a * source + b").range(0, 1 << 20);
  r.add("generate.min_len", c.min_len, "tokens before the end may come").range(0, 1 << 20);
  r.add("generate.length_penalty", c.length_penalty, "scores are divided by length to this power")
      .alias("lenpen")
      .range(-100, 100);
  r.add("generate.unk_penalty", c.unk_penalty, "subtracted for an unknown token").alias("unkpen").range(-1e6, 1e6);
  r.add("generate.temperature", c.temperature, "logits are divided by it").range(1e-6, 1e6);
  r.add("generate.no_repeat_ngram", c.no_repeat_ngram, "no n-gram of this size twice; 0: allowed")
      .alias("no-repeat-ngram-size")
      .range(0, 1024);
  r.add("generate.sampling", c.sampling, "draw tokens instead of searching");
  r.add("generate.top_k", c.top_k, "sampling: the k most probable tokens; 0: all")
      .alias("sampling-topk")
      .range(0, 1 << 20);
  r.add("generate.top_p", c.top_p, "sampling: the fewest tokens of this probability")
      .alias("sampling-topp")
      .range(0, 1);
  r.add("generate.seed", c.seed, "of sampling");
}

void declare_language_column(OptionRegistry& r, int64_t& column) {
  r.add("data.language_column", column,
        "column with the target's language in a corpus of several, from 1 or from the end when negative (prepare ddtp "
        "writes it as -3); 0: none")
      .range(-1000, 1000);
}

void declare_language_options(OptionRegistry& r, Languages& languages) {
  r.add("data.source_lang", languages.source, "language of the source: mBART's code, or a token of our vocabulary");
  r.add("data.target_lang", languages.target, "language of the target, likewise");
}

GenerationConfig search_of(const LoadedModel& loaded, const GenerationConfig& asked, const OptionRegistry& registry) {
  const std::optional<GenerationConfig> found = find_search(loaded.folder, loaded.model->config());
  if (!found) return asked;
  GenerationConfig config = *found;
  OptionRegistry own;
  declare_generation_options(own, config);
  for (const Option& given : registry.options()) {
    Option* option = given.settings().empty() ? nullptr : own.find(given.key());
    if (option) option->assign(given.items(), given.settings().back().origin, given.settings().back().where);
  }
  return config;
}

}  // namespace lowbit
