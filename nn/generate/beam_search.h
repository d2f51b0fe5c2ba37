#pragma once

#include <span>

#include "nn/generate/config.h"
#include "nn/generate/constraints.h"
#include "nn/generate/hypothesis.h"

namespace lowbit {

/// Beam search of one sentence: `beam` partial sentences grow by a token a step; those that end become hypotheses.
/// A beam of 1 is greedy search. With config.sampling the same walk goes over drawn instead of best candidates.
///
/// fairseq's rule (SequenceGenerator): a candidate that ends counts when its rank is below `beam`; the first `beam`
/// hypotheses are kept and end the search. hf rule (transformers' beam search): the best `beam` hypotheses are kept
/// and EarlyStopping says when the search ends; what is unfinished at the maximum length counts as a hypothesis; a
/// prefix is a prompt, free and not counted in the length.
class SentenceSearch {
 public:
  /// Keeps references to both arguments.
  SentenceSearch(const GenerationConfig& config, const GenerationRequest& request);

  /// The beams that still grow, at most `beam`; empty when the search has ended.
  const std::vector<Beam>& live() const { return live_; }
  /// One step. `log_probs` [live, V] is overwritten. Returns for each new live beam the old one that it continues.
  std::vector<int32_t> advance(std::span<float> log_probs);
  /// The n_best hypotheses, best first.
  std::vector<Hypothesis> hypotheses() const;

 private:
  double score(double total, int64_t length) const;
  void finish(const Beam& beam);
  bool has_ended(const std::vector<Beam>& next) const;

  const GenerationConfig& config_;
  const GenerationRequest& request_;
  Constraints constraints_;
  int64_t step_ = 0;
  std::vector<Beam> live_;
  std::vector<Hypothesis> finished_;  ///< best first, at most `beam`
};

}  // namespace lowbit
