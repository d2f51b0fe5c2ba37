#include "apps/lib/log/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/error.h"
#include "core/files/atomic.h"

namespace lowbit {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

void replace_nonfinite(Json& value, const std::string& path, Json& nonfinite) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    value = nullptr;
    nonfinite.push_back(path);
  } else if (value.is_structured()) {
    for (auto& [key, child] : value.items())
      replace_nonfinite(child, path.empty() ? key : fmt::format("{}.{}", path, key), nonfinite);
  }
}

// Rewrites the file with the records up to `update`.
void drop_later_records(const std::string& path, int64_t update) {
  std::string kept;
  for (const Json& record : read_metrics(path)) {
    if (record.at("update").get<int64_t>() <= update) kept += record.dump() + "\n";
  }
  write_file_atomically(path, kept);
}

}  // namespace

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double metric_value(const Json& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

bool is_metric(const std::string& key, const Json& value) {
  static constexpr const char* kNotMetrics[] = {"schema", "update", "epoch", "time", "num_updates"};
  return (value.is_number() || value.is_null()) && std::ranges::find(kNotMetrics, key) == std::end(kNotMetrics);
}

Json finish_record(const Json& record) {
  Json result = {{"schema", kMetricsSchema}};
  Json nonfinite = Json::array();
  Json values = record;
  replace_nonfinite(values, "", nonfinite);
  result.update(values);
  if (!nonfinite.empty()) result["nonfinite"] = std::move(nonfinite);
  return result;
}

MetricsWriter::MetricsWriter(std::string path, std::optional<int64_t> continue_from)
    : path_(std::move(path)), file_(nullptr, std::fclose) {
  const bool has_records = fs::is_regular_file(path_) && fs::file_size(path_) > 0;
  LB_REQUIRE(!has_records || continue_from, ErrorKind::usage, path_,
             "holds the records of another run; continue that run or choose another folder");
  if (has_records) drop_later_records(path_, *continue_from);
  file_.reset(std::fopen(path_.c_str(), "a"));
  LB_REQUIRE(file_, ErrorKind::data, path_, "cannot be opened: {}", std::strerror(errno));
}

void MetricsWriter::write(Json record) {
  if (!record.contains("time")) record["time"] = unix_seconds();
  const std::string line = finish_record(record).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const bool written =
      std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() && std::fflush(file_.get()) == 0;
  LB_REQUIRE(written, ErrorKind::data, path_, "cannot be written: {}", std::strerror(errno));
}

std::vector<Json> read_metrics(const std::string& path) {
  std::ifstream file(path);
  LB_REQUIRE(file, ErrorKind::data, path, "no such file, or not readable");
  std::vector<Json> records;
  int64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (file.eof()) break;  // no line end: the writer was stopped in the middle
    Json record = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto where = [&] { return fmt::format("{}:{}", path, number); };
    LB_REQUIRE(record.is_object() && record.contains("kind") && record["kind"].is_string() &&
                   record.contains("update") && record["update"].is_number_integer(),
               ErrorKind::data, where(), "not a metrics record: an object with \"kind\" and \"update\"");
    const Json schema = record.value("schema", Json());
    LB_REQUIRE(schema == kMetricsSchema, ErrorKind::data, where(), "schema {} is not {}, which this program reads",
               schema.dump(), kMetricsSchema);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace lowbit
