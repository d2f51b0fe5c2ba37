#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/transformer/seq2seq.h"

namespace lowbit {

/// The mean of the parameters of several models, as fairseq's average_checkpoints.py takes it: every weight and every
/// learned parameter of a quantizer, element by element, summed in f64. What is no parameter (whether a scale was
/// calibrated) is that of the model that takes the mean.
/// Memory: 8 bytes a parameter.
class ModelAverage {
 public:
  /// `where` names the model in messages. Errors (model) unless it is like the first, naming what differs: a number of
  /// the architecture, a slot's quantizer, a tensor's shape; (usage) a weight that is packed.
  void add(Seq2Seq& model, const std::string& where);
  /// Puts the mean into the parameters of a model that was added.
  void put_into(Seq2Seq& model) const;

 private:
  std::optional<TransformerConfig> config_;
  std::string first_;                         // where it is
  std::map<std::string, std::string> slots_;  // by path: what fills them
  std::map<std::string, std::vector<double>> sums_;
  int64_t count_ = 0;
};

}  // namespace lowbit
