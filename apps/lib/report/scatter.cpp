#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/lib/report/charts.h"
#include "apps/lib/report/frame.h"

namespace lowbit {
namespace {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  bool touches(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

constexpr double kLabelSize = 11, kRadius = 6;

// Puts each label at the first of some places around its mark where it meets no mark, no other label and no edge.
class LabelPlacer {
 public:
  LabelPlacer(Svg& svg, const Frame& frame) : svg_(svg), frame_(frame) {}

  void reserve(const Box& box) { taken_.push_back(box); }
  /// Keeps labels off a line.
  void reserve(Point from, Point to) {
    constexpr double kStep = 6;
    const double steps = std::ceil(std::hypot(to.x - from.x, to.y - from.y) / kStep);
    for (double i = 0; i <= steps && steps > 0; ++i) {
      const Point at = {from.x + i / steps * (to.x - from.x), from.y + i / steps * (to.y - from.y)};
      taken_.push_back({at.x - 1, at.y - 1, at.x + 1, at.y + 1});
    }
  }

  void place(Point mark, const std::string& name) {
    const double width = text_width(name, kLabelSize);
    constexpr double kBeside = kRadius + 5, kLine = 14, kHalfHeight = 7;
    const std::array<double, 3> lefts = {kBeside, -kBeside - width, -width / 2};
    for (const double lift : {0.0, -kLine, kLine, -2 * kLine, 2 * kLine, -3 * kLine, 3 * kLine}) {
      for (const double left : lefts) {
        const Point middle = {mark.x + left, mark.y + lift};
        const Box box = {middle.x, middle.y - kHalfHeight, middle.x + width, middle.y + kHalfHeight};
        if (is_free(box)) return draw(mark, box, name);
      }
    }
    draw(mark, {mark.x + kBeside, mark.y - kHalfHeight, mark.x + kBeside + width, mark.y + kHalfHeight}, name);
  }

 private:
  bool is_free(const Box& box) const {
    const bool inside =
        box.left > frame_.left && box.right < frame_.right && box.top > frame_.top && box.bottom < frame_.bottom;
    return inside && std::ranges::none_of(taken_, [&](const Box& other) { return other.touches(box); });
  }

  void draw(Point mark, const Box& box, const std::string& name) {
    const double middle = (box.top + box.bottom) / 2;
    if (std::abs(middle - mark.y) > 20)
      svg_.line(mark, {std::clamp(mark.x, box.left, box.right), middle}, {.colour = kSoftInk, .width = 0.6});
    svg_.text({box.left, box.top + 11}, name, {.size = kLabelSize, .colour = kInk, .halo = true});
    taken_.push_back(box);
  }

  Svg& svg_;
  const Frame& frame_;
  std::vector<Box> taken_;
};

// Points that no other beats in both directions, the best in x first.
std::vector<Point> pareto_front(std::vector<ScatterPoint> points, bool prefers_large_x) {
  std::ranges::sort(points, [&](const ScatterPoint& a, const ScatterPoint& b) {
    if (a.x != b.x) return prefers_large_x ? a.x > b.x : a.x < b.x;
    return a.y > b.y;
  });
  std::vector<Point> front;
  for (const ScatterPoint& point : points) {
    if (front.empty() || point.y > front.back().y) front.push_back({point.x, point.y});
  }
  return front;
}

}  // namespace

std::string draw_scatter(const ScatterChart& chart) {
  if (chart.points.empty()) return {};
  double low_x = chart.points[0].x, high_x = low_x, high_y = 0;
  for (const ScatterPoint& point : chart.points)
    low_x = std::min(low_x, point.x), high_x = std::max(high_x, point.x), high_y = std::max(high_y, point.y);
  for (const auto& [name, y] : chart.levels) high_y = std::max(high_y, y);
  Svg svg(kChartWidth, kChartHeight, chart.title);
  const Frame frame{.x = Axis::logarithmic(chart.x_label, low_x, high_x),
                    .y = Axis::linear(chart.y_label, 0, high_y * 1.05),
                    .top = 38};
  draw_frame(svg, frame, chart.title);

  LabelPlacer labels(svg, frame);
  for (const auto& [name, y] : chart.levels) {
    const double at = frame.y.place(y, frame.bottom, frame.top);
    svg.line({frame.left, at}, {frame.right, at}, {.colour = "#999", .dashes = "2 4"});
    labels.reserve({frame.left, at - 2, frame.right, at + 2});
  }
  std::vector<Point> front = pareto_front(chart.points, chart.prefers_large_x);
  for (Point& point : front) point = frame.place(point);
  if (front.size() > 1)
    svg.text({frame.right, 20}, fmt::format("dashed: the best for their {}", chart.prefers_large_x ? "speed" : "size"),
             {.anchor = Anchor::end, .colour = kSoftInk});
  for (size_t i = 1; i < front.size(); ++i) labels.reserve(front[i - 1], front[i]);
  svg.path(front, {.colour = "#999", .width = 1.2, .dashes = "5 4"});
  for (const ScatterPoint& point : chart.points) {
    const Point at = frame.place({point.x, point.y});
    labels.reserve({at.x - kRadius, at.y - kRadius, at.x + kRadius, at.y + kRadius});
  }
  for (const ScatterPoint& point : chart.points) {
    const Point at = frame.place({point.x, point.y});
    svg.circle(at, kRadius, palette(point.colour), "#fff",
               fmt::format("{}: {} {}, {} {}", point.name, chart.x_label, short_number(point.x), chart.y_label,
                           short_number(point.y)));
  }
  for (const ScatterPoint& point : chart.points) labels.place(frame.place({point.x, point.y}), point.name);
  for (const auto& [name, y] : chart.levels) {
    labels.place({frame.left + kRadius, frame.y.place(y, frame.bottom, frame.top) - 10}, name);
  }
  return svg.finish();
}

}  // namespace lowbit
