#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// What a value of an option may be, beyond its type. Bounds are inclusive.
struct ValueLimits {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;  ///< empty: any text
};

/// How a C++ type is read from the text of a flag, a YAML scalar or an environment variable, and written back. The type
/// decides, never the text: "no" is text for a string option and false for a bool option.
///   read   nothing when the text is not a value of T within the limits
///   write  text that read() turns into the same value
///   name   for help: "integer"
template <class T>
struct ValueText;

template <>
struct ValueText<bool> {
  static std::optional<bool> read(std::string_view text, const ValueLimits&);
  static std::string write(bool value) { return value ? "true" : "false"; }
  static constexpr std::string_view name = "true or false";
};

template <std::integral T>
struct ValueText<T> {
  static std::optional<T> read(std::string_view text, const ValueLimits& limits) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    const auto number = static_cast<double>(value);
    if (number < limits.low || number > limits.high) return {};
    return value;
  }
  static std::string write(T value) { return std::to_string(value); }
  static constexpr std::string_view name = "integer";
};

template <>
struct ValueText<double> {
  static std::optional<double> read(std::string_view text, const ValueLimits& limits);  ///< finite numbers only
  static std::string write(double value);  ///< the shortest text that reads back as the same double
  static constexpr std::string_view name = "number";
};

template <>
struct ValueText<std::string> {
  static std::optional<std::string> read(std::string_view text, const ValueLimits& limits);
  static std::string write(const std::string& value) { return value; }
  static constexpr std::string_view name = "text";
};

/// The elements of a list written in one text: "0.9,0.98", "[0.9, 0.98]" and fairseq's "(0.9, 0.98)".
std::vector<std::string> split_list(std::string_view text);

}  // namespace lowbit
