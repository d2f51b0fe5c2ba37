#include "apps/lib/program/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace lowbit {
namespace {

std::atomic<int> guards{0};
std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void on_signal(int signal_number) {
  int none = 0;
  const bool first = stop_signal.compare_exchange_strong(none, signal_number);
  if (!first || guards.load() == 0) _exit(128 + signal_number);
}

}  // namespace

StopGuard::StopGuard() { guards.fetch_add(1); }
StopGuard::~StopGuard() { guards.fetch_sub(1); }

bool stop_requested() { return stop_signal.load(std::memory_order_relaxed) != 0; }
int stop_exit_code() { return 128 + stop_signal.load(); }

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (int signal_number : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal_number, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace lowbit
