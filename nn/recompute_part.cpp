#include "nn/recompute_part.h"

#include <algorithm>
#include <memory>

#include "autograd/grad_mode.h"
#include "autograd/recompute.h"

namespace lowbit {

Variable recompute_part(Recompute kind, const std::vector<Variable>& inputs, const ForwardContext& ctx,
                        const ModulePart& part) {
  if (ctx.recompute != kind || !grad_enabled() || std::ranges::none_of(inputs, &Variable::requires_grad))
    return part(inputs, ctx);

  ForwardContext inner = ctx;
  inner.recompute = Recompute::nothing;
  const RandomState before = ctx.random ? *ctx.random : RandomState{};
  const auto drawn = std::make_shared<RandomState>();  // after the part
  Variable y = recompute(
      [=](const std::vector<Variable>& given) {
        *drawn = before;
        ForwardContext same = inner;
        if (same.random) same.random = drawn.get();
        return part(given, same);
      },
      inputs);
  if (ctx.random) *ctx.random = *drawn;
  return y;
}

}  // namespace lowbit
