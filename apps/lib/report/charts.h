#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/lib/report/axis.h"
#include "apps/lib/report/svg.h"

namespace lowbit {

/// Colours that stay apart for colour-blind readers: Okabe and Ito 2008, https://jfly.uni-koeln.de/color/
std::string_view palette(size_t index);

struct CurveSeries {
  std::string name;
  std::vector<Point> points;                         ///< in order of x; y NaN where the value was not finite: a gap
  size_t colour = 0;                                 ///< index into palette()
  bool thin = false;                                 ///< noisy, or background to another curve
  std::vector<Point> band_low = {}, band_high = {};  ///< shaded between them, if given
};

struct CurveChart {
  std::string title, x_label, y_label;
  std::vector<CurveSeries> series;
  bool y_from_zero = false;
};
/// Curves over a common x, with a legend above. Short curves have a mark on each point. Long curves are drawn from the
/// least and greatest value of each of a few hundred stretches, so that a spike is never lost.
std::string draw_curves(const CurveChart& chart);

struct ScatterPoint {
  std::string name;
  double x = 0, y = 0;
  size_t colour = 0;
};
struct ScatterChart {
  std::string title, x_label, y_label;
  std::vector<ScatterPoint> points;
  std::vector<std::pair<std::string, double>> levels;  ///< horizontal lines: things that have a y but no x
  bool prefers_large_x = false;                        ///< a speed rather than a size
};
/// Points over a logarithmic x (above 0), labels placed so that they do not overlap, and a dashed line through those
/// that no other point beats in both directions (more y, and less x or more x as preferred); a note says so.
std::string draw_scatter(const ScatterChart& chart);

struct SharePart {
  double amount = 0;  ///< any unit; drawn as a share of the row's sum
  std::string colour, hover;
};
struct ShareRow {
  std::string name;
  std::vector<SharePart> parts;
  double gauge = 0;  ///< 0 to 1, a second bar to the right
  std::string gauge_text;
};
struct ShareChart {
  std::string title, gauge_title;
  std::vector<ShareRow> rows;
};
/// A line of stacked shares and a gauge for each row.
std::string draw_shares(const ShareChart& chart);

/// Colour for a value of a code book by its place from -1 to 1: blue for negative, pale for zero, orange for positive.
std::string level_colour(double place);

struct Amount {
  std::string name, text;
  double value = 0;
};
/// One bar of stacked amounts with a legend that states each amount and its share. Empty for fewer than two amounts,
/// which a sentence says better.
std::string draw_amounts(const std::string& title, const std::vector<Amount>& amounts, const std::string& total);

}  // namespace lowbit
