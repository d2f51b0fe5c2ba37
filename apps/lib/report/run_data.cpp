#include "apps/lib/report/run_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "apps/lib/log/metrics.h"
#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

double number_or_nan(const Json& object, const char* key) {
  return object.contains(key) ? metric_value(object[key]) : SystemResult::kNone;
}
std::string text_or_empty(const Json& object, const char* key) {
  if (!object.contains(key) || object[key].is_null()) return {};
  return object[key].is_string() ? object[key].get<std::string>() : object[key].dump();
}

void add_metrics(const Json& record, double update, std::map<std::string, std::vector<Point>>& series) {
  for (const auto& [key, value] : record.items()) {
    if (is_metric(key, value)) series[key].push_back({update, metric_value(value)});
  }
}

class RunReader {
 public:
  explicit RunReader(RunData& run) : run_(run) {}

  void add(const Json& record) {
    const auto kind = record.at("kind").get<std::string>();
    const auto update = record.at("update").get<double>();
    run_.updates = std::max(run_.updates, record.at("update").get<int64_t>());
    run_.epochs = std::max(run_.epochs, record.value("epoch", int64_t{0}));
    if (const double time = number_or_nan(record, "time"); time > 0) {
      if (first_time_ == 0) first_time_ = time;
      run_.hours = (time - first_time_) / 3600;
    }
    if (kind == "start") add_start(record);
    if (kind == "train_inner") add_metrics(record, update, run_.train);
    if (kind == "valid") add_metrics(record, update, run_.valid);
    if (kind == "levels") add_levels(record.at("levels"), update);
    if (kind == "cost") add_cost(record);
    for (const Json& path : record.value("nonfinite", Json::array())) {
      run_.nonfinite.push_back(fmt::format("{} at update {}", path.get<std::string>(), update));
    }
  }

 private:
  void add_start(const Json& record) {
    if (record.contains("name")) run_.name = text_or_empty(record, "name");
    run_.weight_bits = text_or_empty(record, "weight_bits");
    run_.output_bits = text_or_empty(record, "output_bits");
    run_.recipe = text_or_empty(record, "recipe");
    run_.parameters = number_or_nan(record, "parameters");
    level_update_ = -1;  // the first look after a resume has nothing to compare with
  }

  void add_levels(const Json& levels, double update) {
    run_.levels.clear();
    for (const Json& level : levels) {
      LevelUse use{.path = level.at("path"),
                   .values = level.at("values"),
                   .counts = level.at("counts"),
                   .entropy = number_or_nan(level, "entropy")};
      LB_REQUIRE(use.values.size() == use.counts.size(), ErrorKind::data, use.path, "{} levels but {} counts",
                 use.values.size(), use.counts.size());
      if (level_update_ >= 0 && update > level_update_) {
        run_.flips[use.path].push_back({update, 100 * number_or_nan(level, "flip") * 100 / (update - level_update_)});
      }
      run_.levels.push_back(std::move(use));
    }
    level_update_ = update;
  }

  void add_cost(const Json& record) {
    const Json phases = record.value("seconds", Json::object()), holders = record.value("bytes", Json::object());
    for (const auto& [phase, seconds] : phases.items()) {
      const auto it = std::ranges::find(run_.seconds, phase, &std::pair<std::string, double>::first);
      if (it == run_.seconds.end())
        run_.seconds.emplace_back(phase, seconds.get<double>());
      else
        it->second += seconds.get<double>();
    }
    std::vector<std::pair<std::string, double>> bytes;
    for (const auto& [holder, amount] : holders.items()) bytes.emplace_back(holder, amount.get<double>());
    const auto total = [](const auto& parts) {
      return std::accumulate(parts.begin(), parts.end(), 0.0,
                             [](double sum, const auto& part) { return sum + part.second; });
    };
    if (total(bytes) > total(run_.bytes)) run_.bytes = std::move(bytes);
  }

  RunData& run_;
  double first_time_ = 0, level_update_ = -1;
};

bool is_summary(const Json& system) { return system.contains("rouge1"); }

SystemResult read_system(const Json& json) {
  return {.name = json.at("name"),
          .bits = text_or_empty(json, "bits"),
          .signature = text_or_empty(json, is_summary(json) ? "rouge_signature" : "signature"),
          .chrf_signature = text_or_empty(json, "chrf_signature"),
          .output_bits = number_or_nan(json, "output_bits"),
          .size_bytes = number_or_nan(json, "size_bytes"),
          .score = number_or_nan(json, is_summary(json) ? "rouge1" : "bleu"),
          .chrf = number_or_nan(json, "chrf"),
          .length_ratio = number_or_nan(json, "length_ratio"),
          .sentences_per_s = number_or_nan(json, "sentences_per_s"),
          .tokens_per_s = number_or_nan(json, "tokens_per_s"),
          .baseline = json.value("baseline", false)};
}

}  // namespace

RunData read_run(const std::string& metrics_path, const std::string& default_name) {
  const std::vector<Json> records = fs::exists(metrics_path) ? read_metrics(metrics_path) : std::vector<Json>();
  LB_REQUIRE(!records.empty(), ErrorKind::data, metrics_path,
             "the run has recorded nothing yet; train it, then report on it");
  RunData run;
  run.name = default_name;
  RunReader reader(run);
  int64_t line = 0;
  for (const Json& record : records) {
    ++line;
    try {
      reader.add(record);
    } catch (const nlohmann::json::exception& error) {
      fail(ErrorKind::data, fmt::format("{}:{}", metrics_path, line), "breaks the schema of metrics.jsonl: {}",
           error.what());
    }
  }
  return run;
}

Results read_results(const std::string& path) {
  std::ifstream file(path);
  LB_REQUIRE(file, ErrorKind::data, path, "no such file, or not readable");
  try {
    const Json json = Json::parse(file);
    LB_REQUIRE(json.at("schema") == kMetricsSchema, ErrorKind::data, path,
               "schema {} is not {}, which this program reads", json["schema"].dump(), kMetricsSchema);
    Results results{
        .title = json.at("title"), .subtitle = text_or_empty(json, "subtitle"), .systems = {}, .samples = {}};
    for (const Json& system : json.at("systems")) {
      results.systems.push_back(read_system(system));
      if (is_summary(system)) results.score_name = "ROUGE-1";
    }
    for (const Json& sample : json.value("samples", Json::array())) {
      SampleResult row{.source = sample.at("source"), .reference = sample.at("reference"), .outputs = {}};
      for (const auto& [system, text] : sample.at("outputs").items())
        row.outputs.emplace_back(system, text.get<std::string>());
      results.samples.push_back(std::move(row));
    }
    return results;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::data, path, "breaks the schema of results.json: {}", error.what());
  }
}

}  // namespace lowbit
