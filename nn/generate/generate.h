#pragma once

#include "nn/generate/config.h"
#include "nn/generate/hypothesis.h"
#include "nn/generate/stepper.h"

namespace lowbit {

/// Generates all requests as one batch; a sentence that has ended leaves it at once.
///   stepper   fresh, with one row for each request, in their order
///   returns   for each request its hypotheses, best first: at least one, at most config.n_best
/// A sentence's result does not depend on the others as far as the stepper's logits do not.
/// Errors: an option out of range (usage), a token id outside the vocabulary (usage), logits with NaN (diverged).
std::vector<std::vector<Hypothesis>> generate(Stepper& stepper, const std::vector<GenerationRequest>& requests,
                                              const GenerationConfig& config);

}  // namespace lowbit
