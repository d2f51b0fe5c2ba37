#pragma once

#include <map>
#include <span>
#include <string>

#include "apps/lib/options/registry.h"

namespace lowbit {

/// Variables that may set options: LOWBIT_* only.
using Environment = std::map<std::string, std::string>;
Environment process_environment();

/// What a command line asks the verb to do.
enum class Request : uint8_t { run, help, dump_config, explain };

struct ParsedCommand {
  Request request = Request::run;
  std::string explain_key;  ///< for Request::explain
};

/// Sets every option from its sources, in rising precedence: recipe, configuration file, environment,
/// section.key=value arguments, flags. `arguments` are those after the verb. An argument after "--" is never a flag or
/// an override. Missing required values are an error only for Request::run. Errors(usage): unknown flag, key or extra
/// argument (naming the nearest one), a missing or unfitting value.
ParsedCommand resolve_options(OptionRegistry& registry, std::span<const std::string> arguments,
                              const Environment& environment);

}  // namespace lowbit
