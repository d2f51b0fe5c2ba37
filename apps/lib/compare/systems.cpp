#include "apps/lib/compare/systems.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "apps/lib/log/log.h"
#include "apps/lib/log/metrics_schema.h"
#include "apps/lib/model/evaluate.h"
#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/train/level_stats.h"
#include "data/baselines.h"
#include "data/metrics/chrf.h"
#include "data/metrics/rouge.h"
#include "nn/quant/bits.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kLeadWords = 14;

/// The scores of some outputs, in the order of the table.
Json scores_of(const std::vector<std::string>& outputs, const std::vector<std::string>& references,
               CompareMetric metric) {
  const BleuScore bleu = corpus_bleu(outputs, {references});
  Json scores;
  if (metric == CompareMetric::rouge) {
    const RougeResult rouge = corpus_rouge(outputs, {references});
    for (const RougeVariant variant : {RougeVariant::rouge1, RougeVariant::rouge2, RougeVariant::rouge_lsum})
      scores[std::string(name_of(variant))] = 100 * rouge.mean[static_cast<size_t>(variant)].f1;
    scores["rouge_signature"] = rouge.signature;
  } else {
    const ChrfScore chrf = corpus_chrf(outputs, {references});
    scores["bleu"] = bleu.score;
    scores["signature"] = bleu.signature;
    scores["chrf"] = chrf.score;
    scores["chrf_signature"] = chrf.signature;
  }
  scores["length_ratio"] = length_ratio(bleu);
  return scores;
}

void add_scores(System& system, const ParallelText& test, CompareMetric metric) {
  system.row.update(scores_of(system.outputs, test.target, metric));
  for (const std::string& language : languages_of(test)) {
    const ParallelText rows = rows_of({system.outputs, test.target, test.language}, language);
    system.row["by_language"][language] = scores_of(rows.source, rows.target, metric);
  }
}

System baseline(const std::string& name, std::vector<std::string> outputs, const ParallelText& test,
                CompareMetric metric) {
  System system{{{"name", name}, {"bits", nullptr}, {"output_bits", nullptr}, {"size_bytes", nullptr}},
                std::move(outputs)};
  add_scores(system, test, metric);
  system.row["baseline"] = true;
  return system;
}

/// A column of the table: "-" where a row lacks the field.
struct Column {
  std::string title, field, format;
  size_t width;
  bool is_score = false;
};

std::string cell(const Json& row, const Column& column) {
  if (!row.contains(column.field) || row[column.field].is_null()) return "-";
  const Json& value = row[column.field];
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return fmt::format("{}", value.get<int64_t>());
  return fmt::format(fmt::runtime(column.format), value.get<double>());
}

std::vector<Column> columns_of(const std::vector<System>& systems, CompareMetric metric) {
  std::vector<Column> columns = {{"system", "name", "{}", 20},
                                 {"bits W-E-A", "bits", "{}", 10},
                                 {"O", "output_bits", "{}", 4},
                                 {"bytes", "size_bytes", "{}", 12}};
  if (metric == CompareMetric::rouge)
    columns.insert(columns.end(), {{"R1", "rouge1", "{:.2f}", 6, true},
                                   {"R2", "rouge2", "{:.2f}", 6, true},
                                   {"RLsum", "rougeLsum", "{:.2f}", 6, true}});
  else
    columns.insert(columns.end(), {{"BLEU", "bleu", "{:.2f}", 6, true}, {"chrF2", "chrf", "{:.2f}", 6, true}});
  columns.push_back({"length", "length_ratio", "{:.3f}", 8});
  const auto has = [&](const char* field) {
    return std::ranges::any_of(systems, [&](const System& s) { return s.row.contains(field); });
  };
  if (has("level_entropy")) columns.push_back({"entropy", "level_entropy", "{:.3f}", 8});
  columns.push_back({"sentences/s", "sentences_per_s", "{:.0f}", 12});
  columns.push_back({"tokens/s", "tokens_per_s", "{:.0f}", 9});
  return columns;
}

/// "beam 4"; where models bring searches that differ, "beam 4 (teacher), beam 1 (student)".
std::string describe_searches(const std::vector<System>& systems, const GenerationConfig& asked) {
  std::vector<std::pair<std::string, std::string>> searches;  // and the names of those that are searched so
  for (const System& system : systems) {
    if (!system.row.contains("beam")) continue;
    const Json& beam = system.row["beam"];
    const bool sampling = beam.is_null();
    const std::string search = describe_search({.beam = sampling ? 1 : beam.get<int64_t>(), .sampling = sampling});
    const std::string name = system.row["name"];
    const auto found = std::ranges::find(searches, search, &std::pair<std::string, std::string>::first);
    if (found == searches.end())
      searches.emplace_back(search, name);
    else
      found->second += ", " + name;
  }
  if (searches.empty()) return describe_search(asked);
  if (searches.size() == 1) return searches.front().first;
  std::string text;
  for (const auto& [search, names] : searches)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", search, names);
  return text;
}

/// "BLEU: SIGNATURE, beam 1" and what else says how the scores came about.
std::string footnotes(const std::vector<System>& systems, const CompareSettings& settings) {
  const Json& first = systems.front().row;
  const std::string searches = describe_searches(systems, settings.search);
  if (settings.metric == CompareMetric::rouge)
    return fmt::format("ROUGE: {}, {}\n", first["rouge_signature"].get<std::string>(), searches);
  return fmt::format("BLEU: {}, {}\nchrF2: {}\n", first["signature"].get<std::string>(), searches,
                     first["chrf_signature"].get<std::string>());
}

/// A row for every language of every system, below the whole.
std::vector<std::pair<std::string, Json>> rows_by_language(const std::vector<System>& systems) {
  std::vector<std::pair<std::string, Json>> rows;
  for (const System& system : systems) {
    if (!system.row.contains("by_language")) continue;
    for (const auto& [language, scores] : system.row["by_language"].items())
      rows.emplace_back(fmt::format("{} {}", system.row["name"].get<std::string>(), language), scores);
  }
  return rows;
}

}  // namespace

void declare_metric(OptionRegistry& registry, const std::string& key, CompareMetric& metric) {
  registry
      .add(key, metric, {{"bleu", CompareMetric::bleu}, {"rouge", CompareMetric::rouge}},
           "of the table: bleu for translations, rouge for summaries")
      .alias("metric");
}

std::vector<System> baselines(const ParallelText& train, const ParallelText& test, const CompareSettings& settings) {
  std::vector<System> systems;
  if (settings.metric == CompareMetric::rouge) {
    std::vector<std::string> leads;
    for (const std::string& document : test.source) leads.push_back(lead_words(document, kLeadWords));
    systems.push_back(baseline(fmt::format("lead-{}", kLeadWords), std::move(leads), test, settings.metric));
  } else {
    systems.push_back(baseline("copy-source", test.source, test, settings.metric));
  }
  std::map<std::string, TranslationMemory> memories;  // one a language
  std::vector<std::string> nearest;
  for (size_t i = 0; i < test.source.size(); ++i) {
    const std::string language = test.language.empty() ? "" : test.language[i];
    auto memory = memories.find(language);
    if (memory == memories.end()) {
      const ParallelText rows = test.language.empty() ? train : rows_of(train, language);
      memory = memories.emplace(language, TranslationMemory(rows.source, rows.target)).first;
    }
    nearest.push_back(memory->second.translate(test.source[i]));
  }
  systems.push_back(baseline("translation-memory", std::move(nearest), test, settings.metric));
  return systems;
}

System score_model(const std::string& argument, const ParallelText& test, const CompareSettings& settings,
                   const OptionRegistry& registry) {
  const size_t equals = argument.find('=');
  const std::string path = equals == std::string::npos ? argument : argument.substr(equals + 1);
  const std::string name =
      equals == std::string::npos ? std::filesystem::path(path).filename().string() : argument.substr(0, equals);
  const LoadedModel loaded = load_model(path);
  const std::unique_ptr<Tokenizer> tokenizer = load_tokenizer(loaded);
  const GenerationConfig search = search_of(loaded, settings.search, registry);
  const TranslatorConfig config{.generation = search, .max_tokens = settings.max_tokens};
  const auto translate = [&](const ParallelText& text) {
    return evaluate_translation(*loaded.model, *tokenizer, config, text, settings.source_language);
  };
  translate(first_rows(test, 16));  // packs weights, warms caches
  TranslationFigures figures = translate(test);
  const BitWidths bits = bits_of(*loaded.model);
  System system{{{"name", name},
                 {"bits", fmt::format("{}-{}-{}", bits.weights, bits.embeddings, bits.activations)},
                 {"output_bits", bits.output},
                 {"size_bytes", model_bytes(loaded)}},
                std::move(figures.outputs)};
  add_scores(system, test, settings.metric);
  system.row["beam"] = beam_of(search);
  system.row["sentences_per_s"] = static_cast<double>(figures.sentences) / figures.seconds;
  system.row["tokens_per_s"] = static_cast<double>(figures.tokens) / figures.seconds;
  if (const auto levels = LevelStats().look(*loaded.model); !levels.empty())
    system.row["level_entropy"] = mean_entropy(levels);
  const char* score = settings.metric == CompareMetric::rouge ? "rouge1" : "bleu";
  log_info("{}: {} {:.2f}", name, score, system.row[score].get<double>());
  return system;
}

std::string systems_text(const std::vector<System>& systems, const CompareSettings& settings) {
  const std::vector<Column> columns = columns_of(systems, settings.metric);
  const auto line = [&](const std::function<std::string(const Column&)>& text) {
    std::string words;
    for (size_t i = 0; i < columns.size(); ++i)
      words += i == 0 ? fmt::format("{:<{}}", text(columns[i]), columns[i].width)
                      : fmt::format(" {:>{}}", text(columns[i]), columns[i].width);
    return words + "\n";
  };
  std::string table = line([](const Column& column) { return column.title; });
  const auto add = [&](const std::string& name, const Json& row) {
    table += line([&](const Column& column) { return column.field == "name" ? name : cell(row, column); });
  };
  for (const System& system : systems) add(system.row["name"], system.row);
  for (const auto& [name, scores] : rows_by_language(systems)) add(name, scores);
  return table + footnotes(systems, settings);
}

std::string systems_markdown(const std::vector<System>& systems, const CompareSettings& settings) {
  const std::vector<Column> columns = columns_of(systems, settings.metric);
  std::string titles = "|", rule = "|", table;
  for (const Column& column : columns) titles += fmt::format(" {} |", column.title), rule += "---|";
  const auto add = [&](const std::string& name, const Json& row) {
    table += "|";
    for (const Column& column : columns)
      table += fmt::format(" {} |", column.field == "name" ? name : cell(row, column));
    table += "\n";
  };
  for (const System& system : systems) add(system.row["name"], system.row);
  for (const auto& [name, scores] : rows_by_language(systems)) add(name, scores);
  return fmt::format("{}\n{}\n{}\n{}", titles, rule, table, footnotes(systems, settings));
}

Json results_json(const std::string& title, const std::vector<System>& systems, const ParallelText& test,
                  int64_t samples) {
  Json results = {{"schema", kMetricsSchema}, {"title", title}, {"systems", Json::array()}, {"samples", Json::array()}};
  for (const System& system : systems) results["systems"].push_back(system.row);
  for (int64_t i = 0; i < std::min(samples, test.size()); ++i) {  // spread over the test set, the same for every system
    const auto row = static_cast<size_t>((2 * i + 1) * test.size() / (2 * samples));
    Json outputs = Json::object();
    for (const System& system : systems) outputs[system.row["name"].get<std::string>()] = system.outputs[row];
    results["samples"].push_back({{"source", test.source[row]}, {"reference", test.target[row]}, {"outputs", outputs}});
  }
  return results;
}

}  // namespace lowbit
