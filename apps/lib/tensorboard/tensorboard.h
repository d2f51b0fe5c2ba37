#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/lib/tensorboard/event.h"

namespace lowbit {

/// One event file in a folder, named as TensorBoard looks for it. Error(data) when it cannot be written.
class EventFile {
 public:
  /// `continue_from`: see TensorBoard.
  EventFile(const std::string& folder, std::optional<int64_t> continue_from);
  void add(const std::string& event);
  void flush();

 private:
  std::string path_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_;
};

/// Shows a run in TensorBoard: takes the records of metrics.jsonl (log/metrics_schema.h) and writes an event file to a
/// folder for each kind, as fairseq does: train_inner/, train/, valid/. Numbers become scalars, levels histograms with
/// the entropy and flip rate of each weight, cost scalars. Values that are not finite are written as NaN, which
/// TensorBoard marks.
class TensorBoard {
 public:
  /// `continue_from`: training resumes after this update; TensorBoard then hides what an earlier file has beyond it.
  explicit TensorBoard(std::string folder, std::optional<int64_t> continue_from = {});
  void add(const nlohmann::ordered_json& record);
  /// Markdown on the text page, such as the configuration.
  void add_text(const std::string& tag, const std::string& markdown);

 private:
  EventFile& file(const std::string& name);
  std::string folder_;
  std::optional<int64_t> continue_from_;
  std::map<std::string, EventFile> files_;
};

}  // namespace lowbit
