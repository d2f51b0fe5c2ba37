#include "apps/lib/options/registry.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace lowbit {
namespace {

std::string flag(std::string name) {
  std::ranges::replace(name, '_', '-');
  return (name.size() == 1 ? "-" : "--") + name;
}

bool is_common(const std::string& name) {
  return std::ranges::find(kCommonFlags, flag(name)) != std::end(kCommonFlags);
}

bool claims(const Option& option, const std::string& name) {
  if (flag(option.name()) == flag(name)) return true;
  return std::ranges::any_of(option.aliases(), [&](const std::string& alias) { return flag(alias) == flag(name); });
}

}  // namespace

Option& OptionRegistry::insert(std::string key, std::string help) {
  LB_CHECK(std::ranges::count(key, '.') == 1, "options", "a key is section.name, not {}", key);
  LB_CHECK(find(key) == nullptr, "options", "{} is declared twice", key);
  options_.push_back(Option(std::move(key), std::move(help)));
  return options_.back();
}

Option* OptionRegistry::find(std::string_view key) {
  const auto it = std::ranges::find(options_, key, &Option::key);
  return it == options_.end() ? nullptr : &*it;
}

std::vector<std::string> OptionRegistry::keys() const {
  std::vector<std::string> result;
  for (const Option& option : options_) result.push_back(option.key());
  return result;
}

std::vector<std::string> OptionRegistry::flags(const Option& option) const {
  std::vector<std::string> result = {flag(option.key())};
  const auto other_claims = [&](const Option& other) { return &other != &option && claims(other, option.name()); };
  const bool has_short = !is_common(option.name()) && std::ranges::none_of(options_, other_claims);
  if (has_short) {
    result.push_back(flag(option.name()));
    if (option.name().size() == 1) result.push_back("--" + option.name());
  }
  for (const std::string& alias : option.aliases()) {
    if (std::ranges::find(result, flag(alias)) == result.end()) result.push_back(flag(alias));
  }
  return result;
}

std::vector<std::string> OptionRegistry::shorthand_flags(const Option& option) const {
  std::vector<std::string> result;
  for (const auto& [name, text] : option.shorthands()) result.push_back(flag(name));
  return result;
}

void OptionRegistry::check_declarations() const {
  std::set<std::string> seen(std::begin(kCommonFlags), std::end(kCommonFlags));
  for (const Option& option : options_) {
    std::vector<std::string> names = flags(option);
    std::ranges::move(shorthand_flags(option), std::back_inserter(names));
    names.push_back(option.environment_name());
    for (const std::string& name : names) {
      LB_CHECK(seen.insert(name).second, "options", "{} is claimed twice, the second time by {}", name, option.key());
    }
  }
}

}  // namespace lowbit
