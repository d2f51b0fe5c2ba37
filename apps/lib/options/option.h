#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/lib/options/value.h"

namespace lowbit {

/// Where a value came from, in rising order of precedence. A recipe is the file that a configuration file `extends`.
enum class Origin : uint8_t { preset, recipe, file, environment, key_value, flag };

struct Setting {
  Origin origin = Origin::preset;
  std::string where;  ///< "run.yaml:3", "LOWBIT_OPTIM_LR", "--lr"
  std::string text;   ///< as written there
};

/// One option: its key, its bounds, and how to read its text into the variable that it is bound to. Made by
/// OptionRegistry::add, refined by the chained members, which return the option itself.
class Option {
 public:
  /// A further flag, without dashes: alias("lr") is --lr, alias("c") is -c.
  Option& alias(std::string name);
  /// A flag without a value that stands for this option with that text: shorthand("fp16", "fp16") is --fp16.
  Option& shorthand(std::string name, std::string text);
  /// Items of a list are NAME=VALUE; a configuration file may write them as a map.
  Option& pairs();
  /// Inclusive bounds of a number, or of each number in a list.
  Option& range(double low, double high);
  /// The only texts allowed.
  Option& choices(std::vector<std::string> names);
  /// The value may stand on the command line without a flag, in the order of declaration; `placeholder` names it in
  /// help. A list takes all that are left.
  Option& positional(std::string placeholder);
  /// A value must be given somewhere.
  Option& required();

  const std::string& key() const { return key_; }  ///< "optim.lr"
  std::string section() const { return key_.substr(0, key_.rfind('.')); }
  std::string name() const { return key_.substr(key_.rfind('.') + 1); }
  std::string environment_name() const;  ///< "LOWBIT_OPTIM_LR"
  const std::string& help() const { return help_; }
  std::string type() const;  ///< for help: "integer, 1 to 8", "adam|sgd", "list of number"
  const std::vector<std::string>& aliases() const { return aliases_; }
  /// Flags, without dashes, and the text that each stands for.
  const std::vector<std::pair<std::string, std::string>>& shorthands() const { return shorthands_; }
  const std::vector<std::string>& allowed() const { return limits_.choices; }
  const std::string& placeholder() const { return placeholder_; }
  const std::string& preset() const { return preset_; }  ///< the default as text
  bool is_list() const { return is_list_; }
  bool is_switch() const { return is_switch_; }  ///< a bool: its flag needs no value
  bool is_text() const { return is_text_; }
  bool is_required() const { return required_; }
  bool is_pairs() const { return pairs_; }

  std::vector<std::string> items() const { return write_(); }         ///< the current value; one item unless a list
  std::string text() const;                                           ///< the current value, a list joined by commas
  const std::vector<Setting>& settings() const { return settings_; }  ///< every one so far; the last one holds

  /// Sets the variable and remembers where from. Error(usage) naming `where`, key, type and text when it does not fit.
  void assign(std::span<const std::string> items, Origin origin, std::string where);
  /// The same from one text, which is split first when the option is a list.
  void assign(const std::string& text, Origin origin, std::string where);

 private:
  friend class OptionRegistry;
  using Read = std::function<bool(std::span<const std::string>, const ValueLimits&)>;
  using Write = std::function<std::vector<std::string>()>;
  Option(std::string key, std::string help) : key_(std::move(key)), help_(std::move(help)) {}

  std::string key_, help_, type_, placeholder_, preset_;
  std::vector<std::string> aliases_;
  std::vector<std::pair<std::string, std::string>> shorthands_;
  ValueLimits limits_;
  Read read_;
  Write write_;
  bool is_list_ = false, is_switch_ = false, is_text_ = false, required_ = false, pairs_ = false;
  std::vector<Setting> settings_;
};

}  // namespace lowbit
