#pragma once

#include <span>

#include "nn/generate/config.h"
#include "nn/generate/hypothesis.h"

namespace lowbit {

/// What a sentence may say at each step. Step t chooses token t after the decoder start.
class Constraints {
 public:
  Constraints(const GenerationConfig& config, const GenerationRequest& request);

  int64_t last_step() const { return last_step_; }

  /// Rewrites the log-probabilities [V] of a beam's next token: -inf for what is not allowed, penalties, and under the
  /// hf rule 0 for a forced token. `tokens` holds the beam with its decoder start.
  /// Order of fairseq: penalties, forced token (at its real probability) or minimum length, then repeated n-grams,
  /// which may ban even a forced token. Order of hf: repeated n-grams, minimum length, forced token (for free).
  void apply(std::span<float> log_probs, const std::vector<int32_t>& tokens) const;

 private:
  int32_t forced_token(int64_t step) const;

  const GenerationConfig& config_;
  const GenerationRequest& request_;
  int64_t min_steps_ = 0;  ///< eos is not allowed before this step
  int64_t last_step_ = 0;
};

}  // namespace lowbit
