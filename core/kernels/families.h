#pragma once

#include <string_view>
#include <vector>

#include "core/kernels/target.h"

namespace lowbit {

/// One kernel family and the targets that it is written for, in the order in which resolve() overlays them.
struct KernelFamily {
  std::string_view name;
  std::vector<Target> targets;

  /// The last of its targets that runs on this machine; entries it leaves out come from the ones before it.
  Target chosen() const;
};

/// All of them, by name.
std::vector<KernelFamily> kernel_families();

}  // namespace lowbit
