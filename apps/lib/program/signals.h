#pragma once

namespace lowbit {

/// Exit code of a run that was told to stop and saved a good checkpoint first: a scheduler may queue it again.
inline constexpr int kExitPreempted = 75;

/// While one lives, SIGINT, SIGTERM and SIGUSR1 (Slurm's warning) only raise stop_requested(), for work that can stop
/// at a good point. A second signal ends the process at once, as does the first when no guard lives.
class StopGuard {
 public:
  StopGuard();
  ~StopGuard();
  StopGuard(const StopGuard&) = delete;
  StopGuard& operator=(const StopGuard&) = delete;
};

bool stop_requested();
/// 128 + the signal (130 for SIGINT, 143 for SIGTERM): the exit code of a stop without a save.
int stop_exit_code();

/// Called by run_program, before any other thread starts; the first call counts. SIGPIPE is ignored, so that a closed
/// pipe is an error code of write(). The other three are blocked in every thread and received by one of their own:
/// oneDNN's generated code uses the stack pointer as a plain register, and the frame of a handler that interrupts it
/// would be written into the heap.
void watch_signals();

}  // namespace lowbit
