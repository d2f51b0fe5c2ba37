#pragma once

#include <string>

#include "data/metrics/metric_score.h"

namespace lowbit {

struct ChrfOptions {
  int char_order = 6;  ///< longest character n-gram, at least 1
  int word_order = 0;  ///< longest word n-gram; 2 makes it chrF++
  int beta = 2;        ///< recall counts beta times as much as precision
  bool lowercase = false;
};

struct ChrfScore {
  double score = 0;  ///< 0 to 100
  std::string name;  ///< chrF2; one + for every word order: chrF2++
  std::string signature;
};

/// Corpus chrF: (1 + beta^2) P R / (beta^2 P + R), where P and R are means of the n-gram precisions and recalls over
/// the orders that occur on both sides of the corpus. Characters exclude white space; words have one punctuation mark
/// at an end split off. With several references a line counts with the one it scores highest against. Errors:
/// ErrorKind::data when the lines do not correspond. Source: Popovic 2015, "chrF: character n-gram F-score for
/// automatic MT evaluation"; Popovic 2017, "chrF++: words helping character n-grams".
ChrfScore corpus_chrf(const Lines& hypotheses, const ReferenceSets& references, const ChrfOptions& options = {});

}  // namespace lowbit
