#pragma once

#include "apps/lib/options/registry.h"
#include "nn/module.h"

namespace lowbit {

inline EnumNames<Recompute> recompute_names() {
  return {{"none", Recompute::nothing}, {"attention", Recompute::attention}, {"layers", Recompute::layers}};
}

}  // namespace lowbit
