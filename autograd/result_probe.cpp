#include "autograd/result_probe.h"

#include <utility>

namespace lowbit {
namespace {

thread_local ResultProbe* innermost = nullptr;

}  // namespace

ResultProbe::ResultProbe(Function function) : function_(std::move(function)), outer_(std::exchange(innermost, this)) {}

ResultProbe::~ResultProbe() { innermost = outer_; }

void ResultProbe::show(const Site& site, const Tensor& value) {
  if (innermost) innermost->function_(site, value);
}

}  // namespace lowbit
