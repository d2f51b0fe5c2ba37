#include "apps/lib/report/frame.h"

#include <array>
#include <limits>

namespace lowbit {

void draw_frame(Svg& svg, const Frame& frame, std::string_view title) {
  const auto [left, right, top, bottom] = std::array{frame.left, frame.right, frame.top, frame.bottom};
  svg.text({left - 44, 20}, title, {.size = kTitleSize, .colour = kInk, .bold = true});
  for (const Axis::Tick& tick : frame.y.ticks()) {
    const double y = frame.y.place(tick.value, bottom, top);
    svg.line({left, y}, {right, y}, {.colour = kGridColour});
    svg.text({left - 7, y + 4}, tick.label, {.anchor = Anchor::end, .colour = kSoftInk});
  }
  double free_from = -std::numeric_limits<double>::infinity();
  for (const Axis::Tick& tick : frame.x.ticks()) {
    const double x = frame.x.place(tick.value, left, right), half = text_width(tick.label, 11) / 2;
    svg.line({x, bottom}, {x, bottom + 4}, {.colour = kSoftInk});
    if (x - half < free_from) continue;
    svg.text({x, bottom + 17}, tick.label, {.anchor = Anchor::middle, .colour = kSoftInk});
    free_from = x + half + 6;
  }
  svg.line({left, bottom}, {right, bottom}, {.colour = kSoftInk});
  svg.text({(left + right) / 2, bottom + 37}, frame.x.label(), {.anchor = Anchor::middle, .colour = kSoftInk});
  svg.text({left - 44, (top + bottom) / 2}, frame.y.label(), {.anchor = Anchor::middle, .colour = kSoftInk}, -90);
}

}  // namespace lowbit
