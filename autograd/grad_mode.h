#pragma once

namespace lowbit {

/// Whether record() puts ops of this thread on the tape.
bool grad_enabled();

/// Turns recording on or off for a scope: inference, teachers, recomputation.
class GradMode {
 public:
  explicit GradMode(bool enabled);
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool outer_;
};

}  // namespace lowbit
