#include "autograd/precision.h"

#include <algorithm>

#include "autograd/functions/elementwise.h"

namespace lowbit {
namespace {

thread_local PrecisionScope* innermost = nullptr;

/// The pattern and everything below what it matches, every star crossing dots.
Glob glob_of(std::string_view pattern) {
  std::string crossing;
  for (const char c : pattern)
    if (c != '*')
      crossing += c;
    else if (!crossing.ends_with("**"))
      crossing += "**";
  return Glob(fmt::format("{{{0},{0}.**}}", crossing));
}

template <class Rules, class Value>
Value last_match(const Rules& rules, std::string_view path, Value otherwise) {
  const auto found = std::find_if(rules.rbegin(), rules.rend(), [&](const auto& r) { return r.glob.matches(path); });
  return found == rules.rend() ? otherwise : found->value;
}

}  // namespace

void Precision::store(std::string_view pattern, DType storage) {
  LB_CHECK(is_floating(storage) && storage != DType::f64, "precision", "a site stores f32, f16 or bf16, not {}",
           to_string(storage));
  storage_rules_.push_back({std::string(pattern), glob_of(pattern), storage});
}

void Precision::scale_gradients(std::string_view pattern, int exponent) {
  exponent_rules_.push_back({std::string(pattern), glob_of(pattern), exponent});
}

SitePrecision Precision::at(std::string_view path) const {
  return {last_match(storage_rules_, path, storage_), last_match(exponent_rules_, path, 0)};
}

std::vector<std::string> Precision::unmatched(const std::vector<std::string>& paths) const {
  std::vector<std::string> patterns;
  const auto collect = [&](const auto& rules) {
    for (const auto& rule : rules)
      if (std::none_of(paths.begin(), paths.end(), [&](const std::string& path) { return rule.glob.matches(path); }))
        patterns.push_back(rule.pattern);
  };
  collect(storage_rules_);
  collect(exponent_rules_);
  return patterns;
}

PrecisionScope::PrecisionScope(Precision precision)
    : precision_(std::move(precision)), outer_(std::exchange(innermost, this)) {}

PrecisionScope::~PrecisionScope() { innermost = outer_; }

SitePrecision site_precision(DType given) {
  if (!innermost || given == DType::f64) return {.storage = given};
  static const std::string outside;
  const std::string& path = current_site_path() ? *current_site_path() : outside;
  const auto [entry, first] = innermost->known_.try_emplace(path);
  if (first) entry->second = innermost->precision_.at(path);
  return entry->second;
}

Variable stored(const Variable& x, SourceLine at) {
  return x.shape().rank() == 0 ? x : cast(x, storage_type(x.dtype()), at);
}

}  // namespace lowbit
