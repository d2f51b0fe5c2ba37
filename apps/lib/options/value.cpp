#include "apps/lib/options/value.h"

#include <fmt/core.h>

#include <algorithm>

namespace lowbit {

std::optional<bool> ValueText<bool>::read(std::string_view text, const ValueLimits&) {
  constexpr std::string_view kTrue[] = {"true", "yes", "on", "1"}, kFalse[] = {"false", "no", "off", "0"};
  if (std::ranges::find(kTrue, text) != std::end(kTrue)) return true;
  if (std::ranges::find(kFalse, text) != std::end(kFalse)) return false;
  return {};
}

std::optional<double> ValueText<double>::read(std::string_view text, const ValueLimits& limits) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  if (value < limits.low || value > limits.high) return {};
  return value;
}

std::string ValueText<double>::write(double value) { return fmt::format("{}", value); }

std::optional<std::string> ValueText<std::string>::read(std::string_view text, const ValueLimits& limits) {
  if (!limits.choices.empty() && std::ranges::find(limits.choices, text) == limits.choices.end()) return {};
  return std::string(text);
}

namespace {

/// Globs have commas of their own: "{encoder,decoder}.layers.0".
size_t comma_outside_braces(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}') --depth;
    if (text[i] == ',' && depth <= 0) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const auto trim = [&](std::string_view part) {
    part.remove_prefix(std::min(part.find_first_not_of(kBlank), part.size()));
    return part.substr(0, part.find_last_not_of(kBlank) + 1);
  };
  text = trim(text);
  const auto in_brackets = [&](char open, char close) {
    return text.size() >= 2 && text.front() == open && text.back() == close;
  };
  if (in_brackets('[', ']') || in_brackets('(', ')')) text = trim(text.substr(1, text.size() - 2));
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  while (true) {
    const size_t comma = comma_outside_braces(text);
    parts.emplace_back(trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace lowbit
