#pragma once

#include <string>

#include "apps/lib/options/registry.h"

namespace lowbit {

/// The options as a YAML file that sets every one to its present value: `lowbit train $(that file)` repeats the run.
std::string dump_config(const OptionRegistry& registry);

/// Value, origin and every setting that was overruled, of one option, named by key or flag. Error(usage) for an unknown
/// one.
std::string explain_option(OptionRegistry& registry, const std::string& key);

/// The flags with type, default and help, a paragraph a section, for a terminal.
std::string describe_options(const OptionRegistry& registry);

/// What follows the verb in a usage line: "RUN [FILE.yaml] [section.key=value ...] [flags]".
std::string usage_line(const OptionRegistry& registry);

}  // namespace lowbit
