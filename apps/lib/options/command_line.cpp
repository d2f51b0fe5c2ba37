#include "apps/lib/options/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/lib/options/config_file.h"
#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

// Arguments sorted by kind, before any of them is applied: the configuration file has to be read first.
struct SortedArguments {
  std::vector<std::pair<Option*, std::vector<std::string>>> flags;
  std::vector<std::pair<std::string, std::string>> key_values;
  std::vector<std::string> positionals;
  std::string config_file;
  ParsedCommand command;
};

// --max_tokens is --max-tokens.
std::string with_dashes(std::string argument) {
  if (argument.starts_with("--"))
    std::replace(argument.begin(), std::find(argument.begin(), argument.end(), '='), '_', '-');
  return argument;
}

// "section.key=value", split; empty key if the argument has another form.
std::pair<std::string, std::string> split_key_value(const std::string& argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string::npos) return {};
  const std::string key = argument.substr(0, equals);
  const auto is_word = [](char c) {
    return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '_' ||
           c == '.';
  };
  if (key.find('.') == std::string::npos || !std::ranges::all_of(key, is_word)) return {};
  return {key, argument.substr(equals + 1)};
}

// "max-tokens" of "--data.max-tokens" and of "--max-tokens".
std::string_view own_name(std::string_view flag) {
  return flag.substr(std::min(flag.size(), std::max(flag.find_last_of('.') + 1, flag.find_first_not_of('-'))));
}

// A few letters away, at most a third of the name. Further away it is another option, a wrong advice.
bool may_be_meant(std::string_view given, std::string_view known) {
  constexpr int64_t kMostEdits = 3;
  const std::string_view a = own_name(given), b = own_name(known);
  const int64_t edits = edit_distance(a, b);
  return edits <= kMostEdits && 3 * edits <= static_cast<int64_t>(std::max(a.size(), b.size()));
}

// Options of several sections that share a name have no flag of that name alone.
void refuse_shared_name(const OptionRegistry& registry, const std::string& given) {
  std::string full;
  if (given.find('.') == std::string::npos)
    for (const Option& option : registry.options()) {
      const std::string flag = registry.flags(option).front();
      if (own_name(flag) == own_name(given)) full += (full.empty() ? "" : " or ") + flag;
    }
  LB_REQUIRE(full.empty(), ErrorKind::usage, "command line", "unknown flag {}: give {}", given, full);
}

[[noreturn]] void fail_unknown_flag(const OptionRegistry& registry, const std::string& argument) {
  std::vector<std::string> known(std::begin(kCommonFlags), std::end(kCommonFlags));
  for (const Option& option : registry.options()) {
    std::ranges::move(registry.flags(option), std::back_inserter(known));
    std::ranges::move(registry.shorthand_flags(option), std::back_inserter(known));
  }
  const std::string given = argument.substr(0, argument.find('='));
  refuse_shared_name(registry, given);
  std::erase_if(known, [&](const std::string& name) { return !may_be_meant(given, name); });
  const std::string hint = nearest_hint(given, known);
  fail(ErrorKind::usage, "command line", "unknown flag {}{}", given,
       hint.empty() ? "; see --help, and docs/from-fairseq.md for flags of fairseq" : hint);
}

/// A flag that stands for a value of its option.
struct ShortForm {
  Option* option;
  std::string flag, text;
  const CLI::Option* parsed;
};

/// What the given ones stand for; an option takes one of its flags only.
void add_short_forms(const std::vector<ShortForm>& short_forms, SortedArguments& sorted) {
  for (const ShortForm& form : short_forms) {
    if (form.parsed->count() == 0) continue;
    const auto given =
        std::ranges::find(sorted.flags, form.option, &std::pair<Option*, std::vector<std::string>>::first);
    LB_REQUIRE(given == sorted.flags.end(), ErrorKind::usage, "command line",
               "{} is {}={}, which another flag sets to {}: give one of them", form.flag, form.option->key(), form.text,
               given->second.back());
    sorted.flags.emplace_back(form.option, std::vector{form.text});
  }
}

SortedArguments sort_arguments(OptionRegistry& registry, std::span<const std::string> arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const CLI::Option* help = app.add_flag("-h,--help");
  const CLI::Option* dump = app.add_flag("--dump-config");
  const CLI::Option* explain = app.add_option("--explain")->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const CLI::Option* config = nullptr;
  if (registry.accepts_config_file())
    config = app.add_option("--config")->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  std::vector<std::pair<Option*, const CLI::Option*>> bound;
  std::vector<ShortForm> short_forms;
  for (Option& option : registry.options()) {
    std::string names;
    for (const std::string& name : registry.flags(option)) {
      names += (names.empty() ? "" : ",") + name;
      if (option.is_switch() && name.starts_with("--")) names += ",!--no-" + name.substr(2);
    }
    bound.emplace_back(&option, option.is_switch() ? app.add_flag(names)
                                                   : app.add_option(names)->expected(1)->multi_option_policy(
                                                         CLI::MultiOptionPolicy::TakeAll));
    const std::vector<std::string> shorthands = registry.shorthand_flags(option);
    for (size_t i = 0; i < shorthands.size(); ++i)
      short_forms.push_back({&option, shorthands[i], option.shorthands()[i].second, app.add_flag(shorthands[i])});
  }

  const auto separator = std::ranges::find(arguments, "--");
  std::vector<std::string> reversed;  // the order in which CLI11 consumes a vector
  for (auto it = arguments.begin(); it != separator; ++it) reversed.push_back(with_dashes(*it));
  std::ranges::reverse(reversed);
  try {
    app.parse(reversed);
  } catch (const CLI::ArgumentMismatch& error) {  // "--optim.lr: 1 required  missing"
    const std::string_view name = error.what();
    fail(ErrorKind::usage, "command line", "{} needs a value", name.substr(0, name.find(':')));
  } catch (const CLI::ParseError& error) {
    fail(ErrorKind::usage, "command line", "{}", error.what());
  }

  SortedArguments sorted;
  for (const auto& [option, parsed] : bound) {
    if (parsed->count() > 0) sorted.flags.emplace_back(option, parsed->results());
  }
  add_short_forms(short_forms, sorted);
  if (config != nullptr && config->count() > 0) sorted.config_file = config->results().back();
  if (explain->count() > 0) sorted.command = {Request::explain, explain->results().back()};
  if (dump->count() > 0) sorted.command.request = Request::dump_config;
  if (help->count() > 0) sorted.command.request = Request::help;

  for (const std::string& extra : app.remaining()) {
    if (extra.size() > 1 && extra.front() == '-') fail_unknown_flag(registry, extra);
    const bool is_config = registry.accepts_config_file() && sorted.config_file.empty() &&
                           (extra.ends_with(".yaml") || extra.ends_with(".yml"));
    if (auto key_value = split_key_value(extra); !key_value.first.empty()) {
      sorted.key_values.push_back(std::move(key_value));
    } else if (is_config) {
      sorted.config_file = extra;
    } else {
      sorted.positionals.push_back(extra);
    }
  }
  if (separator != arguments.end()) sorted.positionals.insert(sorted.positionals.end(), separator + 1, arguments.end());
  return sorted;
}

void apply_positionals(OptionRegistry& registry, const std::vector<std::string>& positionals) {
  size_t next = 0;
  for (Option& option : registry.options()) {
    if (option.placeholder().empty() || next == positionals.size()) continue;
    const size_t count = option.is_list() ? positionals.size() - next : 1;
    option.assign(std::span(positionals).subspan(next, count), Origin::flag, option.placeholder());
    next += count;
  }
  if (next < positionals.size()) {
    fail(ErrorKind::usage, "command line",
         "nothing is known to do with \"{}\" (a setting is section.key=value or --key value)", positionals[next]);
  }
}

}  // namespace

Environment process_environment() {
  Environment result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (text.starts_with("LOWBIT_") && equals != std::string_view::npos)
      result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

ParsedCommand resolve_options(OptionRegistry& registry, std::span<const std::string> arguments,
                              const Environment& environment) {
  registry.check_declarations();
  const SortedArguments sorted = sort_arguments(registry, arguments);
  if (sorted.command.request == Request::help) return sorted.command;
  if (!sorted.config_file.empty()) apply_config_file(registry, sorted.config_file);
  for (Option& option : registry.options()) {
    if (const auto it = environment.find(option.environment_name()); it != environment.end())
      option.assign(it->second, Origin::environment, it->first);
  }
  for (const auto& [key, value] : sorted.key_values) {
    Option* option = registry.find(key);
    if (option == nullptr) fail_unknown_key(registry, key, "command line");
    option->assign(value, Origin::key_value, key + "=");
  }
  apply_positionals(registry, sorted.positionals);
  for (const auto& [option, texts] : sorted.flags) {
    std::vector<std::string> items = texts;
    if (option->is_list()) {
      items.clear();
      for (const std::string& text : texts) std::ranges::move(split_list(text), std::back_inserter(items));
    } else {
      items.erase(items.begin(), items.end() - 1);  // the last one holds, as in every wrapper script's "$@"
    }
    option->assign(items, Origin::flag, registry.flags(*option).front());
  }
  if (sorted.command.request != Request::run) return sorted.command;
  for (const Option& option : registry.options()) {
    if (option.is_required() && option.settings().empty()) {
      fail(ErrorKind::usage, "command line", "{} is missing: {}",
           option.placeholder().empty() ? registry.flags(option).front() : option.placeholder(), option.help());
    }
  }
  return sorted.command;
}

}  // namespace lowbit
