// SVCD, sign-value constraint decomposition: the binary weight of its BitLinear. The constraint vectors g and h and the
// rescaling of the output are slots of their own (nn/quant/constraint.h).
#include "nn/quant/methods/methods.h"
#include "nn/quant/methods/parts.h"

namespace lowbit::methods {

std::unique_ptr<Quantizer> svcd_weight(Spec& spec) {
  const int64_t groups = spec.integer("groups", 1);
  if (groups < 1) spec.fail_value("groups", std::to_string(groups), "at least 1");
  return build(spec, CodeBook::binary, Granularity::row, group_sign_rule(groups));
}

}  // namespace lowbit::methods
