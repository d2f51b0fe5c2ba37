#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nn/module.h"

namespace lowbit {

/// How the quantized weights of a model use their levels, and how many have changed level since the last look: the
/// health of low-bit training.
class LevelStats {
 public:
  struct Weight {
    std::string path;
    std::vector<int32_t> values;  ///< the code book
    std::vector<int64_t> counts;  ///< weights on each
    double entropy = 0;           ///< bits
    double flip = 0;              ///< share whose level changed since the last look; 0 at the first
  };

  /// Looks at every filled weight slot below root. Weights of more than 4 bits are left out.
  std::vector<Weight> look(Module& root);

 private:
  std::map<std::string, std::vector<int8_t>> last_;
};

/// Mean over all weights, each weight counting once.
double mean_entropy(const std::vector<LevelStats::Weight>& weights);
double mean_flip(const std::vector<LevelStats::Weight>& weights);
/// The "levels" list of a metrics record.
nlohmann::ordered_json to_json(const std::vector<LevelStats::Weight>& weights);

}  // namespace lowbit
