#include "autograd/grad_mode.h"

namespace lowbit {
namespace {

thread_local bool enabled_here = true;

}  // namespace

bool grad_enabled() { return enabled_here; }
GradMode::GradMode(bool enabled) : outer_(enabled_here) { enabled_here = enabled; }
GradMode::~GradMode() { enabled_here = outer_; }

}  // namespace lowbit
