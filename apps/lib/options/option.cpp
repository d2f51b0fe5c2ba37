#include "apps/lib/options/option.h"

#include <fmt/format.h>

#include <cctype>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {

Option& Option::alias(std::string name) {
  aliases_.push_back(std::move(name));
  return *this;
}

Option& Option::shorthand(std::string name, std::string text) {
  shorthands_.emplace_back(std::move(name), std::move(text));
  return *this;
}

Option& Option::pairs() {
  pairs_ = true;
  type_ = "NAME=VALUE";
  return *this;
}

Option& Option::range(double low, double high) {
  limits_.low = low, limits_.high = high;
  return *this;
}

Option& Option::choices(std::vector<std::string> names) {
  limits_.choices = std::move(names);
  return *this;
}

Option& Option::positional(std::string placeholder) {
  placeholder_ = std::move(placeholder);
  return *this;
}

Option& Option::required() {
  required_ = true;
  return *this;
}

std::string Option::environment_name() const {
  std::string result = "LOWBIT_" + key_;
  for (char& c : result) c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

std::string Option::type() const {
  std::string result = limits_.choices.empty() ? type_ : fmt::format("{}", fmt::join(limits_.choices, "|"));
  const bool from = std::isfinite(limits_.low), to = std::isfinite(limits_.high);
  if (from && to) result += fmt::format(", {} to {}", limits_.low, limits_.high);
  if (from && !to) result += fmt::format(", {} or more", limits_.low);
  if (!from && to) result += fmt::format(", {} or less", limits_.high);
  return is_list_ ? "list of " + result : result;
}

std::string Option::text() const { return fmt::format("{}", fmt::join(write_(), ",")); }

void Option::assign(std::span<const std::string> items, Origin origin, std::string where) {
  std::string text = fmt::format("{}", fmt::join(items, ","));
  if (!read_(items, limits_)) {
    const std::string nearest = nearest_name(text, limits_.choices);
    fail(ErrorKind::usage, where, "{} must be {}, not \"{}\"{}", key_, type(), text,
         nearest.empty() ? "" : fmt::format("; the nearest is \"{}\"", nearest));
  }
  settings_.push_back({origin, std::move(where), std::move(text)});
}

void Option::assign(const std::string& text, Origin origin, std::string where) {
  assign(is_list_ ? split_list(text) : std::vector<std::string>{text}, origin, std::move(where));
}

}  // namespace lowbit
