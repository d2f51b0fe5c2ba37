#pragma once

#include <string_view>

namespace lowbit {

/// The name under which a pickle's reader keeps a global, "collections.OrderedDict" or "builtins.dict" also for Python
/// 2's "__builtin__" "dict"; empty for every global that is not on the list. What is on it is kept as a name and never
/// called.
std::string_view known_pickle_global(std::string_view module, std::string_view name);

}  // namespace lowbit
