#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "data/metrics/metric_score.h"

namespace lowbit {

enum class RougeVariant {
  rouge1,     ///< words
  rouge2,     ///< pairs of words
  rouge_l,    ///< longest common subsequence of the whole text
  rouge_lsum  ///< union of the longest common subsequences of each reference sentence with every hypothesis sentence
};
inline constexpr std::array kRougeVariants = {RougeVariant::rouge1, RougeVariant::rouge2, RougeVariant::rouge_l,
                                              RougeVariant::rouge_lsum};
std::string_view name_of(RougeVariant variant);  ///< rouge1, rouge2, rougeL, rougeLsum

struct RougeOptions {
  bool stemmer = true;  ///< Porter stems of words of more than three letters
  bool split_sentences =
      false;  ///< for rougeLsum also end a sentence after . ! or ? and white space, not only at a newline
};

/// Fractions between 0 and 1.
struct RougeScore {
  double precision = 0, recall = 0, f1 = 0;
};
using RougeScores = std::array<RougeScore, kRougeVariants.size()>;  ///< in the order of kRougeVariants

struct RougeResult {
  RougeScores mean{};      ///< over the lines
  double mean_length = 0;  ///< words of a hypothesis: a model that drifts in length shows here first
  std::string signature;
};

/// ROUGE of one text, for each variant against the reference with the highest f1. Words are runs of a-z and 0-9 after
/// lower casing. Sentences, for rougeLsum, end at a newline. Source: Lin 2004, "ROUGE: A Package for Automatic
/// Evaluation of Summaries", sections 2, 3.1 and 3.2, with the clipping of rougeLsum's hits that the rouge_score
/// package applies: a word hits at most as often as it occurs on either side.
RougeScores text_rouge(std::string_view hypothesis, const std::vector<std::string_view>& references,
                       const RougeOptions& options = {});

/// Mean of text_rouge over a corpus. Errors: ErrorKind::data when the lines do not correspond.
RougeResult corpus_rouge(const Lines& hypotheses, const ReferenceSets& references, const RougeOptions& options = {});

}  // namespace lowbit
