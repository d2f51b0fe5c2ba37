#pragma once

#include <string>

#include "apps/lib/options/registry.h"

namespace lowbit {

/// Assigns every value of a YAML file to its option, read as the option's type. A top-level `extends: NAME` is applied
/// first, with Origin::recipe: a path relative to the file, or the name of a file in the folder recipes/ (beside the
/// file, in the current folder, or in the installation's share/lowbit); `.yaml` may be left out. A recipe extends
/// nothing. Errors(usage), with file and line: a missing file, a syntax error, a key given twice, an unknown key
/// (naming the nearest one), a value that does not fit its option.
void apply_config_file(OptionRegistry& registry, const std::string& path);

/// Error(usage) for a key that no option has, naming the nearest one; a key without a section is compared with the
/// names.
[[noreturn]] void fail_unknown_key(const OptionRegistry& registry, const std::string& key, const std::string& where);

}  // namespace lowbit
