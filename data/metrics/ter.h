#pragma once

#include <cstdint>
#include <string>

#include "data/metrics/metric_score.h"

namespace lowbit {

struct TerOptions {
  bool case_sensitive = false;
};

struct TerScore {
  double score = 0;             ///< 100 * edits / reference_length: 0 is best, more than 100 is possible
  double edits = 0;             ///< of each line, against the reference that needs fewest
  double reference_length = 0;  ///< words, of each line the mean over its references
  std::string signature;
};

/// Corpus translation edit rate: insertions, deletions, substitutions and shifts of a block of words, each of cost 1,
/// that turn the hypothesis into the reference. Shifts are chosen greedily within the limits of the tercom program, so
/// that the edits are tercom's, not always the fewest possible. Words stand between white space; no other tokenization.
/// Errors: ErrorKind::data when the lines do not correspond.
/// Source: Snover et al. 2006, "A Study of Translation Edit Rate with Targeted Human Annotation", algorithm 1.
TerScore corpus_ter(const Lines& hypotheses, const ReferenceSets& references, const TerOptions& options = {});

}  // namespace lowbit
