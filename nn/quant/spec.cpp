#include "nn/quant/spec.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

template <class Number>
bool parse_all(const std::string& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Spec::Spec(std::string_view text) {
  std::istringstream words{std::string(text)};
  words >> name_;
  LB_REQUIRE(!name_.empty(), ErrorKind::usage, "recipe", "an empty quantizer: write a name, or none");
  text_ = name_;
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    LB_REQUIRE(equals != std::string::npos && equals > 0 && equals + 1 < word.size(), ErrorKind::usage, name_,
               "\"{}\" is not of the form key=value", word);
    const std::string key = word.substr(0, equals);
    LB_REQUIRE(std::ranges::find(values_, key, &std::pair<std::string, std::string>::first) == values_.end(),
               ErrorKind::usage, name_, "key {} is given twice", key);
    values_.emplace_back(key, word.substr(equals + 1));
    text_ += " " + word;
  }
}

std::optional<std::string> Spec::word(const std::string& key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  const auto found = std::ranges::find(values_, key, &std::pair<std::string, std::string>::first);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

int64_t Spec::integer(const std::string& key, int64_t fallback) {
  const std::optional<std::string> value = word(key);
  if (!value) return fallback;
  int64_t parsed = 0;
  if (!parse_all(*value, parsed)) fail_value(key, *value, "a whole number");
  return parsed;
}

int64_t Spec::required_integer(const std::string& key) {
  LB_REQUIRE(word(key), ErrorKind::usage, name_, "needs {}=, got \"{}\"", key, text_);
  return integer(key, 0);
}

double Spec::number(const std::string& key, double fallback) {
  const std::optional<std::string> value = word(key);
  if (!value) return fallback;
  double parsed = 0;
  if (!parse_all(*value, parsed)) fail_value(key, *value, "a number");
  return parsed;
}

bool Spec::flag(const std::string& key, bool fallback) {
  if (!word(key)) return fallback;
  return choice<bool>(key, {{"true", true}, {"false", false}});
}

void Spec::finish() const {
  for (const auto& [key, value] : values_)
    LB_REQUIRE(std::ranges::find(known_, key) != known_.end(), ErrorKind::usage, name_, "unknown key {}{}", key,
               known_.empty() ? std::string(": it takes none") : nearest_hint(key, known_));
}

void Spec::fail_value(const std::string& key, const std::string& value, const std::string& expected) const {
  fail(ErrorKind::usage, name_, "{} must be {}, not \"{}\"", key, expected, value);
}

}  // namespace lowbit
