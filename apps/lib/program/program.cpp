#include "apps/lib/program/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <new>

#include "apps/lib/log/log.h"
#include "apps/lib/options/command_line.h"
#include "apps/lib/options/show.h"
#include "apps/lib/program/build_info.h"
#include "apps/lib/program/output.h"
#include "apps/lib/program/reference.h"
#include "apps/lib/program/signals.h"
#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

constexpr int kExitBrokenPipe = 141;  // 128 + SIGPIPE, what a shell reports for `cat big | head`

// A misspelt LOWBIT_ variable would otherwise be ignored without a word. Those of other verbs are not misspelt.
void refuse_unknown_variables(std::span<const Verb> verbs, const Environment& environment) {
  std::vector<std::string> known;
  for (const EnvironmentVariable& variable : environment_variables()) known.emplace_back(variable.name);
  for (const Verb& verb : verbs) {
    const auto bound = verb.bind();
    for (const Option& option : bound->options.options()) known.push_back(option.environment_name());
  }
  for (const auto& [name, value] : environment) {
    LB_REQUIRE(std::ranges::find(known, name) != known.end(), ErrorKind::usage, "environment",
               "unknown variable {}{}; unset it or correct it", name, nearest_hint(name, known));
  }
}

int run_verb(const Verb& verb, std::span<const std::string> arguments, const Environment& environment) {
  const std::unique_ptr<BoundVerb> bound = verb.bind();
  const ParsedCommand command = resolve_options(bound->options, arguments, environment);
  switch (command.request) {
    case Request::help:
      write_output(verb_usage(verb));
      return 0;
    case Request::dump_config:
      write_output(dump_config(bound->options));
      return 0;
    case Request::explain:
      write_output(explain_option(bound->options, command.explain_key));
      return 0;
    case Request::run:
      return bound->run();
  }
  return 0;
}

int dispatch(std::span<const Verb> verbs, std::span<const std::string> arguments) {
  set_up_log();
  const std::string word = arguments.size() > 1 ? arguments[1] : "";
  if (word == "--version" || word == "version") {
    write_output(fmt::format("lowbit {}\n", build_info().version));
  } else if (word == "--help" || word == "-h") {
    write_output(program_usage(verbs));
  } else if (word.empty()) {
    fail(ErrorKind::usage, "command line", "a verb is needed; lowbit help lists them");
  } else {
    const Verb& verb = find_verb(verbs, word);
    const Environment environment = process_environment();
    if (!environment.empty()) refuse_unknown_variables(verbs, environment);
    return run_verb(verb, arguments.subspan(2), environment);
  }
  return 0;
}

int report_failure(int code, std::string_view message) {
  std::fflush(stdout);
  log_failure(message);
  return code;
}

}  // namespace

const Verb& find_verb(std::span<const Verb> verbs, const std::string& name) {
  const auto it = std::ranges::find(verbs, name, &Verb::name);
  if (it != verbs.end()) return *it;
  std::vector<std::string> names;
  for (const Verb& verb : verbs) names.push_back(verb.name);
  fail(ErrorKind::usage, "command line", "no verb \"{}\"{} (lowbit help lists them)", name, nearest_hint(name, names));
}

std::span<const EnvironmentVariable> environment_variables() {
  static constexpr EnvironmentVariable kVariables[] = {
      {"LOWBIT_LOG", "what goes to stderr: off, error, warning, info (the default), debug or trace"},
      {"LOWBIT_CPU_ISA",
       "highest instruction set that kernels use: generic, avx2, avx512, avx512_vnni, avx512_vbmi or amx"},
  };
  return kVariables;
}

int run_program(std::span<const Verb> verbs, std::span<const std::string> arguments) {
  watch_signals();
  try {
    const int code = dispatch(verbs, arguments);
    flush_output();
    return code;
  } catch (const BrokenPipe&) {
    return kExitBrokenPipe;
  } catch (const Error& error) {
    return report_failure(error.exit_code(), error.what());
  } catch (const std::bad_alloc&) {
    return report_failure(static_cast<int>(ErrorKind::memory), "[memory] the host has no more memory to give");
  } catch (const std::exception& error) {
    return report_failure(
        static_cast<int>(ErrorKind::internal),
        fmt::format("[internal] {} (a bug: please report it with the run's env.json or the output of lowbit doctor)",
                    error.what()));
  }
}

}  // namespace lowbit
