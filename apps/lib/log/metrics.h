#pragma once

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/lib/log/metrics_schema.h"

namespace lowbit {

double unix_seconds();  ///< now, since 1970

/// A number of a record, NaN for null.
double metric_value(const nlohmann::ordered_json& value);

/// Whether a record's entry is a measurement: a number or null, and none of the keys that say when it was taken.
bool is_metric(const std::string& key, const nlohmann::ordered_json& value);

/// The record with "schema" in front, numbers that are not finite turned into null, and their paths listed in
/// "nonfinite".
nlohmann::ordered_json finish_record(const nlohmann::ordered_json& record);

/// Appends records to a metrics.jsonl, each flushed, so that the file is whole up to the last record after a crash.
class MetricsWriter {
 public:
  /// `continue_from`: the update at which training resumes. Records of later updates, which will be made again, and a
  /// last line that was cut off are dropped. Without it the file must not hold records yet: Error(usage). Error(data)
  /// when the file cannot be written.
  MetricsWriter(std::string path, std::optional<int64_t> continue_from);

  /// Adds "time" when the record has none. Error(data), e.g. on a full disk.
  void write(nlohmann::ordered_json record);

 private:
  std::string path_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_;
};

/// Every whole record of a metrics.jsonl; a cut-off last line is left out. Error(data) with file and line for anything
/// else that is not a record of this schema.
std::vector<nlohmann::ordered_json> read_metrics(const std::string& path);

}  // namespace lowbit
