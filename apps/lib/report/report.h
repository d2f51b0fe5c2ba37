#pragma once

#include <string>
#include <vector>

#include "apps/lib/report/run_data.h"

namespace lowbit {

/// The chart of score against size on disk as an SVG file of its own. Error(data) without a system of known score and
/// size.
std::string score_size_picture(const Results& results);

/// One HTML page that needs nothing else: no script, no network, pictures as inline SVG. Results (when there are
/// systems): table, score against size, sentences side by side. Then curves of all runs together, and for each run its
/// level use, flip rate, time and memory. What was not recorded is left out and named at the end.
std::string report_page(const std::vector<RunData>& runs, const Results& results);

}  // namespace lowbit
