#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "apps/lib/options/option.h"

namespace lowbit {

/// Names of an enum's values as the user writes them.
template <class E>
using EnumNames = std::vector<std::pair<std::string, E>>;
/// "" for a value without a name.
template <class E>
std::string name_of(const EnumNames<E>& names, E wanted) {
  for (const auto& [name, value] : names)
    if (value == wanted) return name;
  return "";
}

/// The options of one verb. Each is declared once, bound to a field of a plain struct whose initial value is the
/// default:
///
///   registry.add("optim.lr", config.lr, "peak learning rate").alias("learning-rate").range(0, 10);
///
/// and from that come its flags (--optim.lr, --lr, --learning-rate), its YAML key, its override (optim.lr=1e-4), its
/// environment variable (LOWBIT_OPTIM_LR), its line in --help, docs/options.md and shell completion, --dump-config and
/// --explain. The bound variables must outlive the registry.
class OptionRegistry {
 public:
  /// T: bool, an integer, double, std::string, or a std::vector of these.
  template <class T>
  Option& add(std::string key, T& target, std::string help) {
    Option& option = insert(std::move(key), std::move(help));
    option.type_ = ValueText<T>::name;
    option.is_switch_ = std::is_same_v<T, bool>;
    option.is_text_ = std::is_same_v<T, std::string>;
    bind_scalar(
        option, target,
        [](std::string_view text, const ValueLimits& limits) { return ValueText<T>::read(text, limits); },
        [](const T& value) { return ValueText<T>::write(value); });
    return option;
  }

  template <class T>
  Option& add(std::string key, std::vector<T>& target, std::string help) {
    Option& option = insert(std::move(key), std::move(help));
    option.type_ = ValueText<T>::name;
    option.is_list_ = true;
    option.is_text_ = std::is_same_v<T, std::string>;
    option.read_ = [&target](std::span<const std::string> items, const ValueLimits& limits) {
      std::vector<T> values;
      values.reserve(items.size());
      for (const std::string& item : items) {
        auto value = ValueText<T>::read(item, limits);
        if (!value) return false;
        values.push_back(std::move(*value));
      }
      target = std::move(values);
      return true;
    };
    option.write_ = [&target] {
      std::vector<std::string> items;
      items.reserve(target.size());
      for (const T& value : target) items.push_back(ValueText<T>::write(value));
      return items;
    };
    option.preset_ = option.text();
    return option;
  }

  /// An enum, written by name: add("log.format", config.format, {{"tqdm", LogFormat::tqdm}, ...}, "progress output").
  template <class E>
  requires std::is_enum_v<E> Option& add(std::string key, E& target, const EnumNames<E>& names, std::string help) {
    Option& option = insert(std::move(key), std::move(help));
    option.is_text_ = true;
    for (const auto& [name, value] : names) option.limits_.choices.push_back(name);
    bind_scalar(
        option, target,
        [names](std::string_view text, const ValueLimits&) -> std::optional<E> {
          for (const auto& [name, value] : names) {
            if (name == text) return value;
          }
          return {};
        },
        [names](E wanted) { return name_of(names, wanted); });
    return option;
  }

  /// The verb reads a configuration file: --config FILE, or a positional argument that ends in .yaml or .yml.
  void accept_config_file() { accepts_config_file_ = true; }
  bool accepts_config_file() const { return accepts_config_file_; }

  const std::deque<Option>& options() const { return options_; }
  std::deque<Option>& options() { return options_; }
  Option* find(std::string_view key);
  std::vector<std::string> keys() const;
  /// Every flag of an option, with dashes, the full key first. The last part of a key is a flag of its own when no
  /// other option of the verb claims it; a single letter takes one dash or two.
  std::vector<std::string> flags(const Option& option) const;
  /// Its shorthands as flags, with dashes.
  std::vector<std::string> shorthand_flags(const Option& option) const;
  /// Error(internal) when two options claim one flag or one environment variable: a mistake in the declarations.
  void check_declarations() const;

 private:
  Option& insert(std::string key, std::string help);

  template <class T, class Read, class Write>
  static void bind_scalar(Option& option, T& target, Read read, Write write) {
    option.read_ = [&target, read](std::span<const std::string> items, const ValueLimits& limits) {
      if (items.size() != 1) return false;
      auto value = read(items[0], limits);
      if (value) target = std::move(*value);
      return value.has_value();
    };
    option.write_ = [&target, write] { return std::vector<std::string>{write(target)}; };
    option.preset_ = option.text();
  }

  std::deque<Option> options_;  // stable addresses
  bool accepts_config_file_ = false;
};

/// Flags that every verb has. --config only where a configuration file is accepted.
inline constexpr std::string_view kCommonFlags[] = {"--help", "-h", "--dump-config", "--explain", "--config"};

}  // namespace lowbit
