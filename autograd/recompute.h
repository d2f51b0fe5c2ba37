#pragma once

#include <functional>
#include <vector>

#include "autograd/variable.h"

namespace lowbit {

using Segment = std::function<Variable(const std::vector<Variable>& inputs)>;

/// Runs a segment off the tape and keeps only its inputs; backward runs it again on the tape (Chen et al. 2016,
/// arXiv:1604.06174). The segment must do the same both times: what is random in it has its keys fixed outside.
///   inputs: every variable on the tape that the segment reads, but for parameters (leaves), which it may capture
Variable recompute(const Segment& segment, const std::vector<Variable>& inputs, SourceLine at = SourceLine::here());

/// Whether a segment runs again now, in backward.
bool recomputing();

}  // namespace lowbit
