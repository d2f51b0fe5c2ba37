#pragma once

namespace lowbit {

/// Multiplications and additions in matrix products, by the type of their operands.
struct OperationCount {
  double f32 = 0, bf16 = 0, integer = 0;

  double total() const { return f32 + bf16 + integer; }
  friend OperationCount operator-(const OperationCount& a, const OperationCount& b) {
    return {a.f32 - b.f32, a.bf16 - b.bf16, a.integer - b.integer};
  }
};

/// What this thread has asked for so far. Ops add to it; a profiler reads differences.
inline OperationCount& operation_count() {
  thread_local OperationCount count;
  return count;
}

}  // namespace lowbit
