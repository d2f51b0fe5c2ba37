#pragma once

#include <string>
#include <vector>

#include "apps/lib/report/charts.h"
#include "apps/lib/report/run_data.h"

namespace lowbit {

/// How one weight uses its levels, and the entropy of that beside what is possible.
ShareRow level_row(const LevelUse& use);

/// One row a run, over all its quantized weights: those with the same levels counted together, their entropy the mean
/// by size. An SVG file of its own; empty when no run has such weights.
std::string levels_picture(const std::vector<RunData>& runs);

}  // namespace lowbit
