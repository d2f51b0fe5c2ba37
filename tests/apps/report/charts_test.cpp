#include "apps/lib/report/charts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

namespace lowbit {
namespace {

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> result;
  for (const Axis::Tick& tick : axis.ticks()) result.push_back(tick.label);
  return result;
}

TEST(Axis, LinearEndsAreTicksAroundTheData) {
  EXPECT_EQ(labels(Axis::linear("", 0, 28.4, 6)), (std::vector<std::string>{"0", "5", "10", "15", "20", "25", "30"}));
  EXPECT_EQ(labels(Axis::linear("", 0.13, 0.31, 4)),
            (std::vector<std::string>{"0.1", "0.15", "0.2", "0.25", "0.3", "0.35"}));
  EXPECT_EQ(labels(Axis::linear("", 0, 3000, 3)), (std::vector<std::string>{"0", "1k", "2k", "3k"}));
  const Axis single = Axis::linear("", 7, 7);
  EXPECT_LT(single.low(), 7);
  EXPECT_GT(single.high(), 7);
  EXPECT_EQ(Axis::linear("", 0, 10).place(2.5, 100, 300), 150);
}

TEST(Axis, LogarithmicPlacesRatiosEvenly) {
  const Axis axis = Axis::logarithmic("", 1, 100);
  EXPECT_NEAR(axis.place(10, 0, 1) - axis.place(1, 0, 1), axis.place(100, 0, 1) - axis.place(10, 0, 1), 1e-12);
  EXPECT_EQ(labels(Axis::logarithmic("", 1, 10)), (std::vector<std::string>{"0.5", "1", "2", "5", "10", "20"}));
}

TEST(ShortNumber, UnitsAndRounding) {
  EXPECT_EQ(short_number(999), "999");
  EXPECT_EQ(short_number(1500), "1.5k");
  EXPECT_EQ(short_number(999960), "1M");
  EXPECT_EQ(short_number(-0.05), "-0.05");
  EXPECT_EQ(byte_text(512), "512 B");
  EXPECT_EQ(byte_text(11423232), "11.4 MB");
}

TEST(EscapeXml, MarkupAndControlCharacters) {
  EXPECT_EQ(escape_xml("a<b> & \"c\"\x01"), "a&lt;b&gt; &amp; &quot;c&quot; ");
}

TEST(DrawCurves, KeepsTheSpikeOfALongCurveAndBreaksAtGaps) {
  CurveSeries series{.name = "loss", .points = {}};
  for (int i = 0; i < 100000; ++i) series.points.push_back({static_cast<double>(i), i == 77777 ? 500.0 : 1.0});
  const std::string calm = draw_curves({.title = "t", .x_label = "x", .y_label = "y", .series = {series}});
  EXPECT_LT(calm.size(), 30000u);
  // The spike is the highest point of the plot: some path command must reach the y of the tick 500.
  std::smatch tick;
  ASSERT_TRUE(std::regex_search(calm, tick, std::regex("y=\"([0-9.]+)\"[^>]*>500<")));
  const double top = std::stod(tick[1]) - 4;
  EXPECT_NE(calm.find(" " + std::to_string(static_cast<int>(top)) + "."), std::string::npos);
  const auto strokes = [](const std::string& svg) {
    const size_t begin = svg.rfind("<path d=\"") + 9;
    return std::count(svg.begin() + static_cast<std::ptrdiff_t>(begin),
                      svg.begin() + static_cast<std::ptrdiff_t>(svg.find('"', begin)), 'M');
  };
  EXPECT_EQ(strokes(calm), 1);
  series.points[50000].y = std::nan("");
  EXPECT_EQ(strokes(draw_curves({.title = "t", .x_label = "x", .y_label = "y", .series = {series}})), 2);
}

TEST(DrawCurves, ShortCurvesHaveAMarkOnEachPoint) {
  const auto marks = [](int points) {
    CurveSeries series{.name = "dev", .points = {{0, std::nan("")}}};
    for (int i = 1; i <= points; ++i) series.points.push_back({static_cast<double>(i), 2.5});
    const std::string svg = draw_curves({.title = "t", .x_label = "update", .y_label = "y", .series = {series}});
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("dev: 2.5 at update 2<") != std::string::npos, points < 40);
    size_t count = 0;
    for (size_t at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(marks(3), 3u);
  EXPECT_EQ(marks(100), 0u);
}

TEST(DrawAmounts, OneAmountIsNoPicture) {
  EXPECT_EQ(draw_amounts("t", {{"peak", "1 MB", 1e6}}, "1 MB"), "");
  EXPECT_NE(draw_amounts("t", {{"a", "1 MB", 1e6}, {"b", "3 MB", 3e6}}, "4 MB").find("b: 3 MB, 75.0 %"),
            std::string::npos);
}

TEST(DrawCurves, NothingToDrawIsEmpty) {
  EXPECT_EQ(draw_curves({.title = "t", .x_label = "x", .y_label = "y", .series = {}}), "");
  EXPECT_EQ(
      draw_curves(
          {.title = "t", .x_label = "x", .y_label = "y", .series = {{.name = "nan", .points = {{1, std::nan("")}}}}}),
      "");
}

TEST(DrawScatter, LabelsDoNotOverlap) {
  ScatterChart chart{.title = "t", .x_label = "MB", .y_label = "BLEU", .points = {}, .levels = {{"copy source", 3}}};
  for (int i = 0; i < 12; ++i)
    chart.points.push_back({"system " + std::to_string(i), 1 + 0.08 * i, 20 + 0.4 * (i % 3), 0});
  const std::string svg = draw_scatter(chart);
  struct Box {
    double left, right, y;
  };
  std::vector<Box> boxes;
  const std::regex text(
      "<text x=\"([0-9.]+)\" y=\"([0-9.]+)\" font-size=\"11\" text-anchor=\"start\"[^>]*>([^<]*)</text>");
  for (auto it = std::sregex_iterator(svg.begin(), svg.end(), text); it != std::sregex_iterator(); ++it) {
    const double left = std::stod((*it)[1]);
    boxes.push_back({left, left + text_width((*it)[3].str(), 11), std::stod((*it)[2])});
  }
  ASSERT_EQ(boxes.size(), 13u);
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const bool apart = boxes[i].right <= boxes[j].left || boxes[j].right <= boxes[i].left ||
                         std::abs(boxes[i].y - boxes[j].y) >= 13.9;
      EXPECT_TRUE(apart) << i << " and " << j;
    }
  }
}

TEST(LevelColour, EndsAndMiddle) {
  EXPECT_EQ(level_colour(-1), palette(0));
  EXPECT_EQ(level_colour(1), palette(1));
  EXPECT_EQ(level_colour(0), "#e1e1e1");
}

}  // namespace
}  // namespace lowbit
