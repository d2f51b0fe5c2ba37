#include "autograd/finite_check.h"

#include "core/error.h"
#include "core/ops/reduce.h"

namespace lowbit {
namespace {

thread_local bool active_here = false;

}  // namespace

FiniteCheck::FiniteCheck() : outer_(active_here) { active_here = true; }
FiniteCheck::~FiniteCheck() { active_here = outer_; }
bool FiniteCheck::active() { return active_here; }

void FiniteCheck::examine(const Tensor& tensor, const Site& site, std::string_view role) {
  if (!is_floating(tensor.dtype())) return;
  const int64_t bad = ops::summarise(tensor).nonfinite;
  LB_REQUIRE(bad == 0, ErrorKind::diverged, "finite_check", "{}: {} of {} values of the {} {} are not finite",
             site.str(), bad, tensor.numel(), role, tensor.shape().str());
}

}  // namespace lowbit
