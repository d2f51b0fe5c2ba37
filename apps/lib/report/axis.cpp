#include "apps/lib/report/axis.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace lowbit {
namespace {

// `value` divided until it is below 1000, with the unit that says so.
std::string scaled(double value, double step, std::initializer_list<const char*> units, const char* between) {
  auto unit = units.begin();
  while (std::abs(value) >= step * 0.99995 && unit + 1 != units.end()) value /= step, ++unit;
  return fmt::format("{:.4g}{}{}", value, **unit == '\0' ? "" : between, *unit);
}

}  // namespace

std::string short_number(double value) { return scaled(value, 1000, {"", "k", "M", "G", "T"}, ""); }

std::string byte_text(double bytes) {
  const double rounded = bytes < 1000 ? bytes : std::stod(fmt::format("{:.3g}", bytes));
  return scaled(rounded, 1000, {"B", "kB", "MB", "GB", "TB"}, " ");
}

Axis Axis::linear(std::string label, double low, double high, int wanted) {
  if (!(high > low)) {
    const double room = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= room, high += room;
  }
  const double rough = (high - low) / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double fraction = rough / power;
  const double step = power * (fraction <= 1 ? 1 : fraction <= 2 ? 2 : fraction <= 5 ? 5 : 10);
  Axis axis;
  axis.label_ = std::move(label);
  const auto first = std::llround(std::floor(low / step + 1e-9)), last = std::llround(std::ceil(high / step - 1e-9));
  for (auto i = first; i <= last; ++i)
    axis.ticks_.push_back({static_cast<double>(i) * step, short_number(static_cast<double>(i) * step)});
  axis.low_ = axis.ticks_.front().value, axis.high_ = axis.ticks_.back().value;
  return axis;
}

Axis Axis::logarithmic(std::string label, double low, double high) {
  Axis axis;
  axis.label_ = std::move(label);
  axis.is_log_ = true;
  axis.low_ = low / 2, axis.high_ = high * 2;  // room for marks at the ends
  const bool few_decades = axis.high_ / axis.low_ < 300;
  for (double power = std::pow(10, std::floor(std::log10(axis.low_))); power <= axis.high_; power *= 10) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double value = digit * power;
      if (value >= axis.low_ && value <= axis.high_ && (digit == 1 || few_decades))
        axis.ticks_.push_back({value, short_number(value)});
    }
  }
  return axis;
}

double Axis::place(double value, double first, double last) const {
  const double share = is_log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
  return first + share * (last - first);
}

}  // namespace lowbit
