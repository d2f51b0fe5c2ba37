#include "apps/lib/program/completion.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace lowbit {
namespace {

using Words = std::vector<std::string>;

// What the bash and zsh scripts need: the flags of each verb, and the words that may follow a given word of a verb.
struct CompletionTable {
  Words verbs;
  std::vector<std::pair<std::string, Words>> flags;    // verb -> its flags
  std::vector<std::pair<std::string, Words>> choices;  // "verb word" -> what may follow
};

CompletionTable make_table(std::span<const Verb> verbs) {
  CompletionTable table;
  for (const Verb& verb : verbs) {
    const auto bound = verb.bind();
    Words flags;
    bool first_positional = true;
    for (const Option& option : bound->options.options()) {
      const Words names = bound->options.flags(option);
      flags.insert(flags.end(), names.begin(), names.end());
      std::ranges::move(bound->options.shorthand_flags(option), std::back_inserter(flags));
      if (!option.allowed().empty()) {
        for (const std::string& name : names) table.choices.emplace_back(verb.name + " " + name, option.allowed());
      }
      if (option.placeholder().empty()) continue;
      if (first_positional && !option.allowed().empty())
        table.choices.emplace_back(verb.name + " " + verb.name, option.allowed());
      first_positional = false;
    }
    for (const std::string_view common : kCommonFlags) {
      if (common != "--config" || bound->options.accepts_config_file()) flags.emplace_back(common);
    }
    table.verbs.push_back(verb.name);
    table.flags.emplace_back(verb.name, std::move(flags));
  }
  return table;
}

// `indent"pattern") before WORDS after ;;` for each entry of a case statement.
std::string case_rows(const std::vector<std::pair<std::string, Words>>& rows, std::string_view before,
                      std::string_view after) {
  std::string text;
  for (const auto& [pattern, words] : rows)
    text += fmt::format("    \"{}\") {}{}{} ;;\n", pattern, before, fmt::join(words, " "), after);
  return text;
}

std::string bash_script(std::span<const Verb> verbs) {
  const CompletionTable table = make_table(verbs);
  return fmt::format(R"(_lowbit() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} verb=${{COMP_WORDS[1]}} words=
  case "$verb $before" in
{}  esac
  if [[ $COMP_CWORD -eq 1 ]]; then
    words="{}"
  elif [[ $word == -* ]]; then
    case $verb in
{}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _lowbit lowbit
)",
                     case_rows(table.choices, "words=\"", "\""), fmt::join(table.verbs, " "),
                     case_rows(table.flags, "words=\"", "\""));
}

std::string zsh_script(std::span<const Verb> verbs) {
  const CompletionTable table = make_table(verbs);
  return fmt::format(R"(_lowbit() {{
  local -a candidates
  case "$words[2] $words[CURRENT-1]" in
{}  esac
  if (( CURRENT == 2 )); then
    candidates=({})
  elif [[ $words[CURRENT] == -* ]]; then
    case $words[2] in
{}    esac
  fi
  if (( $#candidates )); then compadd -- $candidates; else _files; fi
}}
compdef _lowbit lowbit
)",
                     case_rows(table.choices, "candidates=(", ")"), fmt::join(table.verbs, " "),
                     case_rows(table.flags, "candidates=(", ")"));
}

std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return quoted + "'";
}

std::string fish_script(std::span<const Verb> verbs) {
  std::string text;
  for (const Verb& verb : verbs) {
    text += fmt::format("complete -c lowbit -n __fish_use_subcommand -a {} -d {}\n", verb.name, fish_quoted(verb.help));
    const auto bound = verb.bind();
    const std::string seen = fmt::format("complete -c lowbit -n '__fish_seen_subcommand_from {}'", verb.name);
    for (const Option& option : bound->options.options()) {
      std::string names;
      for (const std::string& flag : bound->options.flags(option)) {
        names += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
      }
      std::string value = option.is_switch() ? "" : " -r";
      if (!option.allowed().empty()) value = fmt::format(" -x -a '{}'", fmt::join(option.allowed(), " "));
      text += fmt::format("{}{}{} -d {}\n", seen, names, value, fish_quoted(option.help()));
      for (const auto& [name, meaning] : option.shorthands())
        text += fmt::format("{} -l {} -d {}\n", seen, name, fish_quoted(option.key() + "=" + meaning));
      if (!option.placeholder().empty() && !option.allowed().empty()) {
        text += fmt::format("{} -f -a '{}'\n", seen, fmt::join(option.allowed(), " "));
      }
    }
  }
  return text +
         "complete -c lowbit -s h -l help -d 'list the options'\n"
         "complete -c lowbit -l dump-config -d 'print the resolved configuration'\n"
         "complete -c lowbit -l explain -r -d 'where an option has its value from'\n"
         "complete -c lowbit -l config -r -d 'configuration file'\n";
}

}  // namespace

std::string completion_script(std::span<const Verb> verbs, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash_script(verbs);
    case Shell::zsh:
      return zsh_script(verbs);
    case Shell::fish:
      break;
  }
  return fish_script(verbs);
}

}  // namespace lowbit
