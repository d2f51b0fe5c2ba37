#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/lib/run/folder_lock.h"

namespace lowbit {

/// One folder a run, so that one folder is one bug report:
///   config.yaml     every option, as resolved          env.json       machine, build, command line
///   metrics.jsonl   log/metrics_schema.h               results.json   final scores
///   train.log       what stderr said                   tb/            TensorBoard event files
///   overflow.jsonl  numeric events                     report.html    lowbit report
///   generation_config.json   how to search, where what it starts from says so
///   checkpoint-N/   after update N, with the links checkpoint_last and checkpoint_best
class RunFolder {
 public:
  /// Makes the folder, or opens one that holds a run, to train in it: nobody else may while this or a copy lives.
  /// Error(usage) for a folder with other things in it, or when another training is in it; Error(data) if it cannot be
  /// made.
  static RunFolder create(const std::string& path);
  /// Error(usage) unless `path` holds a run.
  static RunFolder open(const std::string& path);

  const std::string& path() const { return path_; }
  bool holds_run() const;  ///< a config.yaml is there: training has been started in it before
  std::string config() const { return path_ + "/config.yaml"; }
  std::string environment() const { return path_ + "/env.json"; }
  std::string metrics() const { return path_ + "/metrics.jsonl"; }
  std::string results() const { return path_ + "/results.json"; }
  std::string log() const { return path_ + "/train.log"; }
  std::string tensorboard() const { return path_ + "/tb"; }
  std::string overflow() const { return path_ + "/overflow.jsonl"; }
  std::string report() const { return path_ + "/report.html"; }
  std::string checkpoint(int64_t update) const;
  std::string last_checkpoint() const { return path_ + "/checkpoint_last"; }
  std::string best_checkpoint() const { return path_ + "/checkpoint_best"; }

  /// Writes config.yaml (the text of dump_config) and env.json (environment_report, the command line, the time), each
  /// whole or not at all.
  void describe(const std::string& config_yaml, std::span<const std::string> command_line) const;

 private:
  explicit RunFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::shared_ptr<const FolderLock> lock_;  ///< of create()
};

}  // namespace lowbit
