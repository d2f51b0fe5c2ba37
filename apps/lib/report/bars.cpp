#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/lib/report/charts.h"
#include "apps/lib/report/frame.h"

namespace lowbit {
namespace {

constexpr double kBarsWidth = 2 * kChartWidth;
constexpr double kRowHeight = 17, kBarHeight = 12;

}  // namespace

std::string level_colour(double place) {
  struct Rgb {
    double red, green, blue;
  };
  constexpr Rgb kNegative{0, 114, 178}, kZero{225, 225, 225}, kPositive{213, 94, 0};
  const Rgb& end = place < 0 ? kNegative : kPositive;
  const double share = std::clamp(std::abs(place), 0.0, 1.0);
  const auto mix = [&](double from, double to) { return static_cast<int>(std::lround(from + share * (to - from))); };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(kZero.red, end.red), mix(kZero.green, end.green),
                     mix(kZero.blue, end.blue));
}

std::string draw_shares(const ShareChart& chart) {
  double name_width = 0;
  for (const ShareRow& row : chart.rows) name_width = std::max(name_width, text_width(row.name, 11));
  const double left = std::min(name_width, 380.0) + 14, gauge_left = 820, gauge_right = 990, right = gauge_left - 24;
  const double top = 46;
  Svg svg(kBarsWidth, top + kRowHeight * static_cast<double>(chart.rows.size()) + 8, chart.title);
  svg.text({4, 18}, chart.title, {.size = kTitleSize, .colour = kInk, .bold = true});
  svg.text({left, 38}, "share of weights on each level, lowest level left", {.colour = kSoftInk});
  svg.text({gauge_left, 38}, chart.gauge_title, {.colour = kSoftInk});
  double y = top;
  for (const ShareRow& row : chart.rows) {
    double sum = 0;
    for (const SharePart& part : row.parts) sum += part.amount;
    svg.text({left - 8, y + kBarHeight - 2}, row.name, {.anchor = Anchor::end, .colour = kInk});
    double x = left;
    for (const SharePart& part : row.parts) {
      const double width = sum > 0 ? part.amount / sum * (right - left) : 0;
      svg.rect({x, y}, std::max(width - 0.6, 0.0), kBarHeight, part.colour, part.hover);
      x += width;
    }
    svg.rect({gauge_left, y}, gauge_right - gauge_left, kBarHeight, "#eee");
    svg.rect({gauge_left, y}, std::clamp(row.gauge, 0.0, 1.0) * (gauge_right - gauge_left), kBarHeight, palette(2));
    svg.text({gauge_right + 8, y + kBarHeight - 2}, row.gauge_text, {.colour = kSoftInk});
    y += kRowHeight;
  }
  return svg.finish();
}

std::string draw_amounts(const std::string& title, const std::vector<Amount>& amounts, const std::string& total) {
  double sum = 0;
  for (const Amount& amount : amounts) sum += amount.value;
  if (!(sum > 0) || amounts.size() < 2) return {};
  constexpr double kLeft = 18, kRight = kChartWidth - 18, kTop = 34, kHeight = 30, kLine = 20;
  const size_t lines = (amounts.size() + 1) / 2;
  Svg svg(kChartWidth, kTop + kHeight + 14 + kLine * static_cast<double>(lines), title);
  svg.text({kLeft, 20}, title, {.size = kTitleSize, .colour = kInk, .bold = true});
  svg.text({kRight, 20}, total, {.anchor = Anchor::end, .colour = kSoftInk});
  double x = kLeft;
  for (size_t i = 0; i < amounts.size(); ++i) {
    const Amount& amount = amounts[i];
    const double share = amount.value / sum, width = share * (kRight - kLeft);
    const std::string words = fmt::format("{}: {}, {:.1f} %", amount.name, amount.text, 100 * share);
    svg.rect({x, kTop}, std::max(width - 1, 0.5), kHeight, palette(i), words);
    x += width;
    const size_t line = i / 2;
    const Point key = {kLeft + (i % 2 == 0 ? 0 : (kRight - kLeft) / 2),
                       kTop + kHeight + 24 + kLine * static_cast<double>(line)};
    svg.rect({key.x, key.y - 10}, 11, 11, palette(i));
    svg.text({key.x + 18, key.y}, words, {.colour = kInk});
  }
  return svg.finish();
}

}  // namespace lowbit
