#pragma once

#include <cstdint>
#include <vector>

namespace lowbit {

/// A sentence to generate: row i of a fresh Stepper belongs to request i.
struct GenerationRequest {
  int64_t source_length = 0;         ///< tokens of the source without padding
  std::vector<int32_t> prefix = {};  ///< the result begins with these. fairseq: at their probability; hf: for free
  uint64_t id = 0;                   ///< with GenerationConfig::seed, what the random draws depend on
};

/// A finished sentence: tokens without the decoder start, with eos if it was reached.
struct Hypothesis {
  std::vector<int32_t> tokens;
  std::vector<float> token_scores;  ///< log-probability of each token
  double score = 0;                 ///< sum of token_scores / length^length_penalty
};

/// A partial sentence of a search.
struct Beam {
  std::vector<int32_t> tokens;  ///< with the decoder start
  std::vector<float> token_scores;
  double total = 0;  ///< sum of token_scores
};

/// A way to go on from a beam.
struct Candidate {
  int32_t beam = 0;
  int32_t token = 0;
  float log_prob = 0;
  double total = 0;  ///< the beam's total with this token
};

}  // namespace lowbit
