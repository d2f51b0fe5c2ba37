#include "autograd/loss_scale.h"

#include <utility>

namespace lowbit {
namespace {

thread_local double current = 1;

}  // namespace

double loss_scale() { return current; }
LossScaleScope::LossScaleScope(double scale) : outer_(std::exchange(current, scale)) {}
LossScaleScope::~LossScaleScope() { current = outer_; }

}  // namespace lowbit
