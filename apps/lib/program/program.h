#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/lib/options/registry.h"

namespace lowbit {

/// A verb with a configuration of its own, ready to be given its options and run.
struct BoundVerb {
  OptionRegistry options;
  std::function<int()> run;  ///< returns the exit code
};

/// One row of the program's table of verbs.
struct Verb {
  std::string name;
  std::string help;  ///< one line
  std::function<std::unique_ptr<BoundVerb>()> bind;
};

/// A verb is a plain struct and two functions: one declares the struct's fields as options, one does the work.
///   Verb report_verb() { return make_verb<ReportConfig>("report", "write report.html", declare, run); }
template <class Config>
Verb make_verb(std::string name, std::string help, void (*declare)(OptionRegistry&, Config&),
               int (*run)(const Config&, const OptionRegistry&)) {
  auto bind = [declare, run] {
    auto config = std::make_shared<Config>();
    auto verb = std::make_unique<BoundVerb>();
    declare(verb->options, *config);
    verb->run = [config, run, &options = verb->options] { return run(*config, options); };
    return verb;
  };
  return {std::move(name), std::move(help), std::move(bind)};
}

/// The row of that name. Error (usage) when there is none.
const Verb& find_verb(std::span<const Verb> verbs, const std::string& name);

/// Runs `arguments[0] VERB ...` and returns the process's exit code (docs/cli.md). Every failure becomes one line on
/// stderr: "lowbit: error: [where] what". Standard output closed by its reader ends the program quietly with code 141.
int run_program(std::span<const Verb> verbs, std::span<const std::string> arguments);

/// Variables that are read outside of the options, for the documentation and the check for misspelt names.
struct EnvironmentVariable {
  std::string_view name, help;
};
std::span<const EnvironmentVariable> environment_variables();

}  // namespace lowbit
