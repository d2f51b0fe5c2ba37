#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/metrics/bleu.h"
#include "data/metrics/chrf.h"
#include "data/metrics/metric_score.h"
#include "data/metrics/rouge.h"
#include "data/metrics/ter.h"

namespace lowbit {

/// Options of every metric; score() reads those of the one it computes.
struct ScoreOptions {
  BleuOptions bleu;
  ChrfOptions chrf;  ///< for chrf++ word_order is 2 whatever stands here
  TerOptions ter;
  RougeOptions rouge;
};

/// bleu, chrf, chrf++, ter, rouge.
std::span<const std::string_view> metric_names();

/// Scores a corpus by the metric of that name: one entry, four for rouge (rouge1, rouge2, rougeL, rougeLsum).
/// Errors: ErrorKind::usage for an unknown metric, naming the nearest; ErrorKind::data when the lines do not
/// correspond.
std::vector<MetricScore> score(std::string_view metric, const Lines& hypotheses, const ReferenceSets& references,
                               const ScoreOptions& options = {});

}  // namespace lowbit
