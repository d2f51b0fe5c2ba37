#pragma once

#include "apps/lib/options/registry.h"
#include "core/ops/matmul.h"
#include "nn/module.h"

/// Values of options that `train` and `bench` both have.
namespace lowbit {

inline EnumNames<Recompute> recompute_names() {
  return {{"none", Recompute::nothing}, {"attention", Recompute::attention}, {"layers", Recompute::layers}};
}

inline EnumNames<ops::MatmulPrecision> matmul_names() {
  using enum ops::MatmulPrecision;
  return {{"f32", f32}, {"bf16", bf16}, {"int8", int8}};
}

}  // namespace lowbit
