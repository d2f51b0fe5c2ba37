#pragma once

#include <string_view>

namespace lowbit {

struct BuildInfo {
  std::string_view version, commit, build_type, compiler, flags;
};

/// How this program was built; commit is "unknown" outside of a git checkout.
const BuildInfo& build_info();

}  // namespace lowbit
