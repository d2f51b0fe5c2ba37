#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apps/lib/report/svg.h"

namespace lowbit {

/// A quantized weight as its last "levels" record has it.
struct LevelUse {
  std::string path;
  std::vector<double> values, counts;
  double entropy = 0;  ///< bits
};

/// What the report shows of one run, from its metrics.jsonl (log/metrics_schema.h).
struct RunData {
  std::string name, weight_bits, output_bits, recipe;
  double parameters = std::numeric_limits<double>::quiet_NaN();
  int64_t updates = 0, epochs = 0;
  double hours = 0;                                        ///< from the first record to the last
  std::map<std::string, std::vector<Point>> train, valid;  ///< metric -> (update, value); train from train_inner
  std::vector<LevelUse> levels;
  std::map<std::string, std::vector<Point>>
      flips;  ///< weight path -> (update, % of weights changing level in 100 updates)
  std::vector<std::pair<std::string, double>> seconds,
      bytes;                           ///< by phase, summed; by holder, where the sum was greatest
  std::vector<std::string> nonfinite;  ///< "loss at update 120"
};

/// Error(data) naming file and line for records that break the schema.
RunData read_run(const std::string& metrics_path, const std::string& default_name);

/// One row of results.json. NaN stands for what is not given.
struct SystemResult {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::string name, bits, signature, chrf_signature;
  double output_bits = kNone, size_bytes = kNone, score = kNone, chrf = kNone, length_ratio = kNone;
  double sentences_per_s = kNone, tokens_per_s = kNone;
  bool baseline = false;
};

struct SampleResult {
  std::string source, reference;
  std::vector<std::pair<std::string, std::string>> outputs;  ///< system, text
};

struct Results {
  std::string title, subtitle;
  std::string score_name = "BLEU";  ///< or ROUGE-1, of summaries
  std::vector<SystemResult> systems;
  std::vector<SampleResult> samples;
};

/// Error(data) naming the file when it breaks the schema.
Results read_results(const std::string& path);

}  // namespace lowbit
