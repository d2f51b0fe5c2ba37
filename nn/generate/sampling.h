#pragma once

#include <span>

#include "nn/generate/config.h"
#include "nn/generate/hypothesis.h"

namespace lowbit {

/// Draws one token by its probability among the top_k, then among the fewest of these that hold top_p of the mass.
/// `uniform` in [0, 1) decides. kNoToken when every log-probability is -inf.
int32_t draw_token(std::span<const float> log_probs, int64_t top_k, double top_p, double uniform);

/// One drawn continuation of each beam, or config.n_best of them when there is a single beam at the first step.
/// Draw i of a step is a pure function of (seed, request id, step, i): the batch around a sentence changes nothing.
///   log_probs [beams, V]
std::vector<Candidate> sampled_candidates(const std::vector<Beam>& beams, std::span<const float> log_probs,
                                          const GenerationConfig& config, uint64_t id, int64_t step);

}  // namespace lowbit
