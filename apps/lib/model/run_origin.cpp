#include "apps/lib/model/run_origin.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/options/config_file.h"
#include "apps/lib/run/run_folder.h"
#include "apps/lib/train/train_options.h"
#include "core/error.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> find_run(const std::string& model_folder) {
  for (const fs::path& place : folder_and_run(model_folder))
    if (fs::is_regular_file(place / "config.yaml")) return place;
  return std::nullopt;
}

void read_config(const RunFolder& folder, RunOrigin& origin) {
  TrainOptions options;
  OptionRegistry registry;
  declare_train_options(registry, options);
  try {
    apply_config_file(registry, folder.config());
  } catch (const Error& error) {
    log_warning("the model card lacks recipe, data and teacher: {}", error.what());
    return;
  }
  origin.recipe = without_places(options.quant.recipe);
  origin.data = folder_name(options.data.dir);
  origin.teacher = folder_name(options.teacher.model);
  origin.start = folder_name(options.finetune_from);
}

void read_command(const RunFolder& folder, RunOrigin& origin) {
  std::ifstream file(folder.environment());
  const nlohmann::json report = nlohmann::json::parse(file, nullptr, false);
  if (!report.is_object() || !report.contains("command_line") || !report["command_line"].is_array()) return;
  for (const nlohmann::json& word : report["command_line"])
    if (word.is_string()) origin.command.push_back(word.get<std::string>());
}

/// The row of that name; false when there is none.
bool read_score(const std::string& path, RunOrigin& origin) {
  const Results results = read_results(path);
  for (const SystemResult& system : results.systems) {
    if (system.name != origin.run) continue;
    origin.score = system;
    origin.score_name = results.score_name;
    origin.scored_on = without_places(results.title);
    return true;
  }
  return false;
}

}  // namespace

std::string folder_name(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

std::string without_places(const std::string& text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const bool starts = at == 0 || std::string_view(" =,").find(text[at - 1]) != std::string_view::npos;
    if (!starts || text[at] != '/') {
      result += text[at++];
      continue;
    }
    const size_t end = std::min(text.find(',', at), text.size());
    result += folder_name(text.substr(at, end - at));
    at = end;
  }
  return result;
}

RunOrigin read_origin(const std::string& model_folder, const std::string& results) {
  RunOrigin origin;
  const std::optional<fs::path> place = find_run(model_folder);
  // A run is scored by the checkpoint that it stands for; another one has no score.
  const bool is_scored = place && fs::equivalent(model_folder, resolve_model_folder(place->string()));
  if (place) {
    const RunFolder folder = RunFolder::open(place->string());
    origin.run = folder_name(place->string());
    read_config(folder, origin);
    read_command(folder, origin);
  }
  if (!results.empty()) {
    if (!place) origin.run = folder_name(model_folder);
    LB_REQUIRE(read_score(results, origin), ErrorKind::usage, "export.results", "{} has no row of {}", results,
               origin.run);
  } else if (is_scored) {
    for (const fs::path& file : {*place / "results.json", place->parent_path() / "results.json"})
      if (fs::exists(file) && read_score(file.string(), origin)) break;
  }
  return origin;
}

}  // namespace lowbit
