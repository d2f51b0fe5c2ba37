#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lowbit {

/// "0.05", "1.2k", "3M": at most four significant digits.
std::string short_number(double value);

/// "512 B", "1.2 MB": decimal units, as disks and `ls -l --si` count.
std::string byte_text(double bytes);

/// One direction of a plot: where a value lies between two pixels, and the marks on it.
class Axis {
 public:
  struct Tick {
    double value = 0;
    std::string label;
  };

  /// Ends widened to ticks at 1, 2 or 5 times a power of ten, about `wanted` of them. A single value gets room around
  /// it.
  static Axis linear(std::string label, double low, double high, int wanted = 6);
  /// Ticks at 1, 2, 5 times powers of ten; `low` and `high` above 0.
  static Axis logarithmic(std::string label, double low, double high);

  const std::string& label() const { return label_; }
  const std::vector<Tick>& ticks() const { return ticks_; }
  double low() const { return low_; }
  double high() const { return high_; }
  /// Pixel of a value when low() is at `first` and high() at `last`.
  double place(double value, double first, double last) const;

 private:
  std::string label_;
  std::vector<Tick> ticks_;
  double low_ = 0, high_ = 1;
  bool is_log_ = false;
};

}  // namespace lowbit
