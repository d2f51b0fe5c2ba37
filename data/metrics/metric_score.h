#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowbit {

/// One text a line.
using Lines = std::vector<std::string>;
/// References of a corpus: references[r][i] is the r-th reference of line i. Every set has as many lines as the
/// hypotheses.
using ReferenceSets = std::vector<Lines>;

/// What a program prints for a metric, whichever it is.
struct MetricScore {
  std::string metric;     ///< sacreBLEU's name where it has one: BLEU, chrF2, chrF2++, TER; else rouge1 ... rougeLsum
  double score = 0;       ///< 0 to 100 (TER may exceed 100)
  std::string signature;  ///< how it was computed; scores with different signatures cannot be compared
  std::vector<std::pair<std::string, double>> details;  ///< parts of the score by name, in the order to print
};

/// Checks that there is at least one line and one reference set, that all have equally many lines, and that every line
/// is UTF-8. Errors: ErrorKind::data naming the reference set, line and byte. `where` is the metric's name.
void check_corpus(std::string_view where, const Lines& hypotheses, const ReferenceSets& references);

/// sacreBLEU's version 2 form, `nrefs:1|case:mixed|...|version:lowbit-0.1.0`, from the fields between nrefs and
/// version. The version names this library, so that a score is never taken for sacreBLEU's own.
std::string metric_signature(const ReferenceSets& references,
                             const std::vector<std::pair<std::string_view, std::string>>& fields);

}  // namespace lowbit
