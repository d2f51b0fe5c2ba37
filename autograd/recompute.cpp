#include "autograd/recompute.h"

#include "autograd/grad_mode.h"

namespace lowbit {

Variable recompute(const Segment& segment, const std::vector<Variable>& inputs, SourceLine at) {
  Tensor y;
  {
    GradMode off(false);
    y = segment(inputs).value();
  }
  std::vector<Saved> values;
  values.reserve(inputs.size());
  for (const Variable& input : inputs) values.emplace_back(input.value());
  return record(
      "recompute", y, inputs,
      [segment, values = std::move(values), path = current_site_path()](const Tensor& dy, GradSink& dx) {
        std::vector<Variable> leaves;
        for (size_t i = 0; i < values.size(); ++i) leaves.emplace_back(values[i].get(), dx.needs(i));
        GradMode on(true);
        const Variable again = path ? in_scope(*path, [&] { return segment(leaves); }) : segment(leaves);
        again.backward(dy);
        for (size_t i = 0; i < leaves.size(); ++i)
          if (leaves[i].requires_grad() && leaves[i].has_grad()) dx.add(i, leaves[i].grad());
      },
      at);
}

}  // namespace lowbit
