#pragma once

#include <string_view>

namespace lowbit {

/// The name under which a pickle's reader keeps a global, "collections.OrderedDict" or "builtins.dict" also for Python
/// 2's "__builtin__" "dict". A class of a trainer's package that is not listed itself is kept as the package:
/// "fairseq.*". Empty for every other global. What is on the list is kept as a name and never called.
std::string_view known_pickle_global(std::string_view module, std::string_view name);

}  // namespace lowbit
