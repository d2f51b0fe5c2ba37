#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lowbit {

struct Point {
  double x = 0, y = 0;
};

/// Text made safe for XML and HTML, in elements and quoted attributes; control characters become spaces.
std::string escape_xml(std::string_view text);

/// A picture that Svg::finish() gave as a file of its own, on a white card: readable on pages of any colour.
std::string svg_file(std::string_view picture);

/// Estimated width in pixels of text in a proportional sans-serif font; a little generous, since it serves to keep
/// labels apart.
double text_width(std::string_view text, double font_size);

enum class Anchor : uint8_t { start, middle, end };

struct TextStyle {
  double size = 11;
  Anchor anchor = Anchor::start;
  std::string_view colour = "#333";
  bool bold = false;
  bool halo = false;  ///< a white rim, to stay readable on lines
};

struct LineStyle {
  std::string_view colour = "#333";
  double width = 1;
  std::string_view dashes = "";  ///< stroke-dasharray
};

/// An inline SVG picture, top left is (0, 0), units are CSS pixels. `hover` is shown by the browser at the pointer.
class Svg {
 public:
  /// `label` is read to those who cannot see the picture.
  Svg(double width, double height, std::string_view label);

  void line(Point from, Point to, const LineStyle& style);
  void path(std::span<const Point> points, const LineStyle& style);  ///< a point with a NaN ends a stretch
  void area(std::span<const Point> outline, std::string_view colour, double opacity);
  void rect(Point corner, double width, double height, std::string_view colour, std::string_view hover = "");
  void circle(Point centre, double radius, std::string_view fill, std::string_view stroke, std::string_view hover = "");
  void text(Point at, std::string_view text, const TextStyle& style, double degrees = 0);

  std::string finish() const { return body_ + "</svg>\n"; }

 private:
  void close(std::string_view element, std::string_view hover);
  std::string body_;
};

}  // namespace lowbit
