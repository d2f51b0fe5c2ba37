#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/metrics/metric_score.h"
#include "data/metrics/tokenizers.h"

namespace lowbit {

/// What takes the place of a precision whose n-grams never match.
/// Source: Chen and Cherry 2014, "A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU".
enum class BleuSmoothing {
  none,   ///< 0, so that the score is 0
  floor,  ///< smoothing_value matches (their method 1)
  add_k,  ///< smoothing_value more matches and n-grams in every order above 1 (their method 2)
  exp,    ///< 1/2, 1/4, 1/8 ... of a match, for the first, second, third such order (their method 3, NIST's)
};

inline constexpr NameTable<BleuSmoothing, 4> kBleuSmoothings = {{
    {"exp", BleuSmoothing::exp},
    {"floor", BleuSmoothing::floor},
    {"add-k", BleuSmoothing::add_k},
    {"none", BleuSmoothing::none},
}};

struct BleuOptions {
  BleuTokenizer tokenizer = BleuTokenizer::v13a;
  BleuSmoothing smoothing = BleuSmoothing::exp;
  std::optional<double> smoothing_value;  ///< for floor (default 0.1) and add_k (default 1)
  bool effective_order = false;  ///< mean over the orders that the hypothesis has, for scoring single sentences
  bool lowercase = false;
};

struct BleuScore {
  static constexpr int kOrders = 4;

  double score = 0;                          ///< 0 to 100
  std::array<double, kOrders> precisions{};  ///< by n-gram order, in percent, smoothed
  double brevity_penalty = 0;
  int64_t hypothesis_length = 0;  ///< tokens
  int64_t reference_length = 0;   ///< tokens of the reference nearest in length, the shorter of equally near ones
  std::string signature;
};

/// Corpus BLEU: brevity_penalty * exp(mean_n ln p_n), n = 1..4, with p_n = clipped matches / n-grams summed over the
/// corpus and brevity_penalty = min(1, exp(1 - reference_length / hypothesis_length)). It is 0 when no token matches at
/// all. Errors: ErrorKind::data when the lines do not correspond. Source: Papineni et al. 2002, "BLEU: a Method for
/// Automatic Evaluation of Machine Translation".
BleuScore corpus_bleu(const Lines& hypotheses, const ReferenceSets& references, const BleuOptions& options = {});

}  // namespace lowbit
