#include "autograd/recompute.h"

#include <utility>

#include "autograd/grad_mode.h"

namespace lowbit {
namespace {

thread_local bool again = false;

class Again {
 public:
  Again() : before_(std::exchange(again, true)) {}
  ~Again() { again = before_; }
  Again(const Again&) = delete;
  Again& operator=(const Again&) = delete;

 private:
  bool before_;
};

}  // namespace

bool recomputing() { return again; }

Variable recompute(const Segment& segment, const std::vector<Variable>& inputs, SourceLine at) {
  Tensor y;
  {
    GradMode off(false);
    y = segment(inputs).value();
  }
  std::vector<SavedValue> values(inputs.begin(), inputs.end());
  return record(
      "recompute", y, inputs,
      [segment, values = std::move(values), path = current_site_path()](const Tensor& dy, GradSink& dx) {
        std::vector<Variable> leaves;
        for (size_t i = 0; i < values.size(); ++i) {
          leaves.emplace_back(values[i].get(), dx.needs(i));
          leaves.back().hold_grad(dx.held_exponent());
        }
        Variable result;
        {
          const GradMode on(true);
          const Again scope;
          result = path ? in_scope(*path, [&] { return segment(leaves); }) : segment(leaves);
        }
        result.backward(dy, dx.held_exponent());
        for (size_t i = 0; i < leaves.size(); ++i)
          if (leaves[i].requires_grad() && leaves[i].has_grad()) dx.add(i, leaves[i].grad());
      },
      at);
}

}  // namespace lowbit
