#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/apps/run_captured.h"
#include "tests/support/temp_dir.h"

namespace lowbit::test {

/// The real program in a process of its own, for what ends a process: signals. Its standard input is a pipe that stays
/// open and empty until wait() closes it; its standard error is no terminal.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), LB_PROGRAM);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    input_ = ends[1];
    const std::string out = folder_.path("out"), err = folder_.path("err");
    process_ = fork();
    if (process_ != 0) {
      close(ends[0]);
      return;
    }
    dup2(ends[0], STDIN_FILENO);
    if (!std::freopen(out.c_str(), "w", stdout) || !std::freopen(err.c_str(), "w", stderr)) _exit(126);
    execv(LB_PROGRAM, argv.data());
    _exit(127);
  }
  ~Child() {
    if (process_ > 0) kill(process_, SIGKILL), wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Waits until `condition` holds, a minute at most.
  bool reaches(const std::function<bool()>& condition) const {
    for (int i = 0; i < 6000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }
  /// Whether it has opened the file and not closed it.
  bool has_open(const std::string& path) const {
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", process_), gone))
      if (std::filesystem::read_symlink(entry.path(), gone) == path) return true;
    return false;
  }
  void send(int signal_number) const { kill(process_, signal_number); }

  /// Its exit code as a shell reports it, and what it wrote.
  Outcome wait() {
    close(input_);
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = 0;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(folder_.path("out")),
            contents(folder_.path("err"))};
  }

 private:
  TempDir folder_;
  pid_t process_ = 0;
  int input_ = -1;
};

}  // namespace lowbit::test
