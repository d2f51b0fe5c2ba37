#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lowbit {

/// What a recipe writes at a slot: `name key=value key=value`, for example `tbt_weight bits=2 per=row`.
/// Factories take the values that they know; finish() then refuses whatever is left.
/// All errors are ErrorKind::usage and name the nearest valid word.
class Spec {
 public:
  explicit Spec(std::string_view text);

  const std::string& name() const { return name_; }
  /// As written, one space between words.
  const std::string& text() const { return text_; }

  int64_t integer(const std::string& key, int64_t fallback);
  /// Like integer(), without a default.
  int64_t required_integer(const std::string& key);
  double number(const std::string& key, double fallback);
  bool flag(const std::string& key, bool fallback);
  std::optional<std::string> word(const std::string& key);
  /// The position of the value among `choices`; the first choice is the default.
  template <class Enum>
  Enum choice(const std::string& key, std::initializer_list<std::pair<std::string_view, Enum>> choices);
  void finish() const;

  [[noreturn]] void fail_value(const std::string& key, const std::string& value, const std::string& expected) const;

 private:
  std::string name_, text_;
  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<std::string> known_;
};

template <class Enum>
Enum Spec::choice(const std::string& key, std::initializer_list<std::pair<std::string_view, Enum>> choices) {
  const std::optional<std::string> value = word(key);
  std::string names;
  for (const auto& [name, meaning] : choices) {
    if (!value || *value == name) return meaning;
    names += (names.empty() ? "" : " or ") + std::string(name);
  }
  fail_value(key, *value, names);
}

}  // namespace lowbit
