#include "apps/lib/report/level_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace lowbit {
namespace {

// A code book of many levels is shown as at most this many neighbouring groups.
constexpr size_t kMaxParts = 16;

/// The weights of a run by their levels.
std::vector<LevelUse> together(const RunData& run) {
  std::map<std::vector<double>, LevelUse> all;
  std::map<std::vector<double>, double> sizes;
  for (const LevelUse& use : run.levels) {
    LevelUse& sum = all[use.values];
    sum.values = use.values;
    sum.counts.resize(use.counts.size());
    const double size = std::accumulate(use.counts.begin(), use.counts.end(), 0.0);
    for (size_t i = 0; i < use.counts.size(); ++i) sum.counts[i] += use.counts[i];
    sum.entropy += use.entropy * size;
    sizes[use.values] += size;
  }
  std::vector<LevelUse> rows;
  for (auto& [values, use] : all) {
    use.path = all.size() == 1 ? run.name : fmt::format("{}, {} levels", run.name, values.size());
    if (sizes[values] > 0) use.entropy /= sizes[values];
    rows.push_back(std::move(use));
  }
  return rows;
}

}  // namespace

ShareRow level_row(const LevelUse& use) {
  ShareRow row{.name = use.path, .parts = {}, .gauge_text = {}};
  double sum = 0, reach = 0;
  for (size_t i = 0; i < use.values.size(); ++i) sum += use.counts[i], reach = std::max(reach, std::abs(use.values[i]));
  const size_t parts = std::min(use.values.size(), kMaxParts);
  for (size_t part = 0; part < parts; ++part) {
    const size_t begin = part * use.values.size() / parts, end = (part + 1) * use.values.size() / parts;
    double count = 0;
    for (size_t i = begin; i < end; ++i) count += use.counts[i];
    const double middle = (use.values[begin] + use.values[end - 1]) / 2;
    const std::string name = end - begin == 1 ? fmt::format("{:g}", middle)
                                              : fmt::format("{:g} to {:g}", use.values[begin], use.values[end - 1]);
    row.parts.push_back({count, level_colour(reach > 0 ? middle / reach : 0),
                         fmt::format("level {}: {:.1f} %", name, sum > 0 ? 100 * count / sum : 0)});
  }
  const double possible = std::log2(static_cast<double>(use.values.size()));
  row.gauge = possible > 0 ? use.entropy / possible : 0;
  row.gauge_text = fmt::format("{:.2f} of {:.2f} bit", use.entropy, possible);
  return row;
}

std::string levels_picture(const std::vector<RunData>& runs) {
  ShareChart chart{.title = "Levels of the quantized weights, all together",
                   .gauge_title = "mean entropy of the levels, of the possible bits",
                   .rows = {}};
  for (const RunData& run : runs)
    for (const LevelUse& use : together(run)) chart.rows.push_back(level_row(use));
  return chart.rows.empty() ? "" : svg_file(draw_shares(chart));
}

}  // namespace lowbit
