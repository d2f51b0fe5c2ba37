#include "apps/lib/report/svg.h"

#include <fmt/format.h>

#include <cmath>

namespace lowbit {
namespace {

constexpr std::string_view kFonts = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif";

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return result;
}

std::string svg_file(std::string_view picture) {
  const size_t body = picture.find('\n') + 1;
  return fmt::format("{}<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#fff\"/>\n{}", picture.substr(0, body),
                     picture.substr(body));
}

double text_width(std::string_view text, double font_size) {
  double characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) == 0x80 ? 0 : 1;  // UTF-8: count heads
  return 0.58 * font_size * characters;
}

Svg::Svg(double width, double height, std::string_view label) {
  body_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"{3}\" role=\"img\" aria-label=\"{2}\">\n",
      width, height, escape_xml(label), kFonts);
}

void Svg::close(std::string_view element, std::string_view hover) {
  body_ += hover.empty() ? "/>\n" : fmt::format("><title>{}</title></{}>\n", escape_xml(hover), element);
}

void Svg::line(Point from, Point to, const LineStyle& style) {
  const Point points[] = {from, to};
  path(points, style);
}

void Svg::path(std::span<const Point> points, const LineStyle& style) {
  std::string commands;
  bool drawing = false;
  for (size_t i = 0; i < points.size(); ++i) {
    const Point& point = points[i];
    if (std::isnan(point.y)) {
      drawing = false;
      continue;
    }
    commands += fmt::format("{}{:.1f} {:.1f}", drawing ? "L" : "M", point.x, point.y);
    const bool alone = !drawing && (i + 1 == points.size() || std::isnan(points[i + 1].y));
    if (alone) commands += "h0.01";  // with round caps this is a dot
    drawing = true;
  }
  if (commands.empty()) return;
  body_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"",
                       commands, style.colour, style.width);
  body_ += style.dashes.empty() ? " stroke-linecap=\"round\"/>\n"
                                : fmt::format(" stroke-dasharray=\"{}\"/>\n", style.dashes);
}

void Svg::area(std::span<const Point> outline, std::string_view colour, double opacity) {
  std::string points;
  for (const Point& point : outline) points += fmt::format("{:.1f},{:.1f} ", point.x, point.y);
  body_ += fmt::format("<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{}\"/>\n", points, colour, opacity);
}

void Svg::rect(Point corner, double width, double height, std::string_view colour, std::string_view hover) {
  body_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\" fill=\"{}\"", corner.x,
                       corner.y, width, height, colour);
  close("rect", hover);
}

void Svg::circle(Point centre, double radius, std::string_view fill, std::string_view stroke, std::string_view hover) {
  body_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"2\"",
                       centre.x, centre.y, radius, fill, stroke);
  close("circle", hover);
}

void Svg::text(Point at, std::string_view text, const TextStyle& style, double degrees) {
  constexpr std::string_view kAnchors[] = {"start", "middle", "end"};
  body_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\"", at.x, at.y,
                       style.size, kAnchors[static_cast<size_t>(style.anchor)], style.colour);
  if (style.halo) body_ += " paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"3\"";
  if (style.bold) body_ += " font-weight=\"600\"";
  if (degrees != 0) body_ += fmt::format(" transform=\"rotate({:.0f} {:.1f} {:.1f})\"", degrees, at.x, at.y);
  body_ += fmt::format(">{}</text>\n", escape_xml(text));
}

}  // namespace lowbit
