#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "apps/lib/report/charts.h"
#include "apps/lib/report/frame.h"

namespace lowbit {
namespace {

constexpr size_t kMaxPoints = 600;
constexpr size_t kMaxMarkers = 40;  // a longer curve shows its shape without

// A long curve as the first of the least and greatest value of each stretch, in order; a stretch with a gap keeps it.
std::vector<Point> thinned(const std::vector<Point>& points) {
  if (points.size() <= kMaxPoints) return points;
  std::vector<Point> result;
  const size_t stretches = kMaxPoints / 2;
  for (size_t i = 0; i < stretches; ++i) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(i * points.size() / stretches);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>((i + 1) * points.size() / stretches);
    const auto gap = std::find_if(begin, end, [](const Point& point) { return std::isnan(point.y); });
    const auto [least, greatest] =
        std::minmax_element(begin, gap, [](const Point& a, const Point& b) { return a.y < b.y; });
    if (begin != gap) result.insert(result.end(), {std::min(least, greatest)[0], std::max(least, greatest)[0]});
    if (gap != end) result.push_back(*gap);
  }
  return result;
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void include(double value) {
    if (!std::isnan(value)) low = std::min(low, value), high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

// Names with a stroke of each curve's colour, in lines above the plot. Returns the height taken.
double draw_legend(Svg& svg, const std::vector<CurveSeries>& series, double left, double right) {
  constexpr double kStroke = 22, kGap = 16, kLine = 16;
  double x = left, y = 40;
  for (const CurveSeries& curve : series) {
    const double width = kStroke + 5 + text_width(curve.name, 11) + kGap;
    if (x > left && x + width - kGap > right) x = left, y += kLine;
    svg.line({x, y - 4}, {x + kStroke, y - 4}, {.colour = palette(curve.colour), .width = curve.thin ? 1.0 : 2.5});
    svg.text({x + kStroke + 5, y}, curve.name, {.colour = kInk});
    x += width;
  }
  return y + 14;
}

}  // namespace

std::string_view palette(size_t index) {
  static constexpr std::array<std::string_view, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                               "#e69f00", "#56b4e9", "#7a5195", "#666666"};
  return kColours[index % kColours.size()];
}

std::string draw_curves(const CurveChart& chart) {
  Range x, y;
  if (chart.y_from_zero) y.include(0);
  for (const CurveSeries& curve : chart.series) {
    for (const auto* points : {&curve.points, &curve.band_low, &curve.band_high}) {
      for (const Point& point : *points) x.include(point.x), y.include(point.y);
    }
  }
  if (x.empty() || y.empty()) return {};
  Svg svg(kChartWidth, kChartHeight, chart.title);
  Frame frame{.x = Axis::linear(chart.x_label, x.low, x.high, 8), .y = Axis::linear(chart.y_label, y.low, y.high)};
  frame.top = draw_legend(svg, chart.series, frame.left, frame.right);
  draw_frame(svg, frame, chart.title);
  for (const CurveSeries& curve : chart.series) {
    std::vector<Point> outline;
    for (const Point& point : curve.band_low) outline.push_back(frame.place(point));
    for (auto it = curve.band_high.rbegin(); it != curve.band_high.rend(); ++it) outline.push_back(frame.place(*it));
    if (!outline.empty()) svg.area(outline, palette(curve.colour), 0.18);
    std::vector<Point> points = thinned(curve.points);
    for (Point& point : points) point = frame.place(point);
    svg.path(points, {.colour = palette(curve.colour), .width = curve.thin ? 0.8 : 2.2});
    for (size_t i = 0; i < points.size() && points.size() <= kMaxMarkers; ++i) {
      if (std::isnan(points[i].y)) continue;
      svg.circle(
          points[i], curve.thin ? 3 : 4.5, palette(curve.colour), "#fff",
          fmt::format("{}: {:.4g} at {} {:.0f}", curve.name, curve.points[i].y, chart.x_label, curve.points[i].x));
    }
  }
  return svg.finish();
}

}  // namespace lowbit
