#pragma once

#include <span>

#include "nn/generate/hypothesis.h"

namespace lowbit {

/// The `count` tokens of highest log-probability, best first, the lower id first among equals.
std::vector<int32_t> top_tokens(std::span<const float> log_probs, int64_t count);

/// The `count` best continuations of all beams, best first; impossible ones (-inf) are left out.
///   log_probs [beams, V]
std::vector<Candidate> best_candidates(const std::vector<Beam>& beams, std::span<const float> log_probs, int64_t count);

}  // namespace lowbit
