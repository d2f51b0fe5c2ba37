#include "apps/lib/program/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace lowbit {
namespace {

std::atomic<int> guards{0};
std::atomic<int> stop_signal{0};

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

void watch_signals() {
  static const bool watching = [] {
    signal(SIGPIPE, SIG_IGN);
    sigset_t watched;
    sigemptyset(&watched);
    for (const int signal_number : {SIGINT, SIGTERM, SIGUSR1}) {
      // An ignored one, as a shell leaves to its background jobs, would not be received.
      signal(signal_number, SIG_DFL);
      sigaddset(&watched, signal_number);
    }
    pthread_sigmask(SIG_BLOCK, &watched, nullptr);
    std::thread([watched] {
      for (int received = 0;;)
        if (sigwait(&watched, &received) == 0) on_signal(received);
    }).detach();
    return true;
  }();
  (void)watching;
}

}  // namespace lowbit
