#pragma once

#include <string_view>

#include "apps/lib/report/axis.h"
#include "apps/lib/report/svg.h"

namespace lowbit {

inline constexpr double kChartWidth = 560, kChartHeight = 320;
inline constexpr double kTitleSize = 14;
inline constexpr std::string_view kGridColour = "#e3e3e3", kInk = "#222", kSoftInk = "#555";

/// The rectangle of a plot with two axes: its place on the page and the mapping from values to pixels.
struct Frame {
  Axis x, y;
  double left = 62, right = kChartWidth - 18, top = 62, bottom = kChartHeight - 48;

  Point place(Point value) const { return {x.place(value.x, left, right), y.place(value.y, bottom, top)}; }
};

/// Title, grid, tick labels and axis labels. Tick labels of x that would touch are left out.
void draw_frame(Svg& svg, const Frame& frame, std::string_view title);

}  // namespace lowbit
