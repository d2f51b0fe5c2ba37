#include "apps/lib/program/program.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "apps/lib/program/completion.h"
#include "apps/lib/program/output.h"
#include "apps/lib/program/reference.h"
#include "apps/lib/program/signals.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "core/kernels/families.h"
#include "tests/apps/run_captured.h"

namespace lowbit {
namespace {

struct FailConfig {
  std::string how;
  int64_t kind = 0;
};

void declare(OptionRegistry& registry, FailConfig& config) {
  registry.add("fail.how", config.how, "what goes wrong");
  registry.add("fail.kind", config.kind, "kind of error");
}

int run(const FailConfig& config, const OptionRegistry&) {
  if (config.how == "error") fail(static_cast<ErrorKind>(config.kind), "here", "gone");
  if (config.how == "memory") throw std::bad_alloc();
  if (config.how == "bug") throw std::logic_error("oops");
  if (config.how == "pipe") throw BrokenPipe{};
  return 0;
}

test::Outcome run_failing(std::vector<std::string> arguments) {
  static const Verb verbs[] = {make_verb<FailConfig>("fail", "goes wrong", declare, run)};
  arguments.insert(arguments.begin(), "fail");
  return test::run_captured(verbs, arguments);
}

TEST(Program, EveryErrorKindIsItsExitCodeAndOneLine) {
  for (int kind = 1; kind <= 9; ++kind) {
    const test::Outcome outcome = run_failing({"--how", "error", "--kind", std::to_string(kind)});
    EXPECT_EQ(outcome.code, kind);
    EXPECT_EQ(outcome.err, "lowbit: error: [here] gone\n");
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(run_failing({}).code, 0);
  EXPECT_EQ(run_failing({"--how", "memory"}).code, 6);
  const test::Outcome bug = run_failing({"--how", "bug"});
  EXPECT_EQ(bug.code, 1);
  EXPECT_NE(bug.err.find("oops"), std::string::npos);
  EXPECT_EQ(std::count(bug.err.begin(), bug.err.end(), '\n'), 1);
  EXPECT_EQ(run_failing({"--how", "pipe"}).err, "");
  EXPECT_EQ(run_failing({"--kin", "3"}).code, 2);
}

TEST(Program, UnknownVerbNamesTheNearest) {
  const test::Outcome outcome = test::run_captured(all_verbs(), {"docter"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("no verb \"docter\", the nearest is doctor"), std::string::npos);
  EXPECT_EQ(test::run_captured(all_verbs(), {"xyzzyxyzzy"}).err,
            "lowbit: error: [command line] no verb \"xyzzyxyzzy\" (lowbit help lists them)\n");
  EXPECT_EQ(test::run_captured(all_verbs(), {}).code, 2);
}

TEST(Program, MisspeltVariablesAreRefused) {
  setenv("LOWBIT_FAIL_HOW", "error", 1);
  EXPECT_EQ(run_failing({"--kind", "3"}).code, 3) << "LOWBIT_FAIL_HOW is the option fail.how";
  setenv("LOWBIT_LOGG", "debug", 1);
  const test::Outcome outcome = run_failing({"--kind", "3"});
  unsetenv("LOWBIT_LOGG");
  unsetenv("LOWBIT_FAIL_HOW");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "lowbit: error: [environment] unknown variable LOWBIT_LOGG, the nearest is LOWBIT_LOG; unset it or correct "
            "it\n");
}

TEST(Program, HelpVersionAndResolvedConfiguration) {
  EXPECT_NE(test::run_captured(all_verbs(), {"--version"}).out.find("lowbit 0."), std::string::npos);
  EXPECT_EQ(test::run_captured(all_verbs(), {"help"}).out, test::run_captured(all_verbs(), {"--help"}).out);
  EXPECT_EQ(test::run_captured(all_verbs(), {"version"}).out, test::run_captured(all_verbs(), {"--version"}).out);
  EXPECT_EQ(test::run_captured(all_verbs(), {"help", "train"}).out,
            test::run_captured(all_verbs(), {"train", "--help"}).out);
  EXPECT_EQ(test::run_captured(all_verbs(), {"help", "trian"}).code, 2);
  EXPECT_EQ(test::run_captured(all_verbs(), {"help", "train", "--markdown"}).code, 2);
  EXPECT_NE(test::run_captured(all_verbs(), {"doctor", "-h"}).out.find("--doctor.json --json"), std::string::npos);
  EXPECT_EQ(test::run_captured(all_verbs(), {"doctor", "--json", "--dump-config"}).out,
            "doctor:\n  kernels: false\n  json: true\n");
}

TEST(Program, DoctorSaysWhichKernelsRunHere) {
  const auto report = nlohmann::json::parse(test::run_captured(all_verbs(), {"doctor", "--kernels", "--json"}).out);
  for (const KernelFamily& family : kernel_families()) {
    const auto& entry = report.at("kernels").at(std::string(family.name));
    EXPECT_EQ(entry.at("used"), std::string(to_string(family.chosen())));
    EXPECT_TRUE(runs_here(family.chosen())) << family.name;
  }
  for (const char* peak :
       {"f32_gemm_gflop_per_s", "bf16_gemm_gflop_per_s", "int8_gemm_gop_per_s", "memory_read_gb_per_s"})
    EXPECT_GT(report.at("peaks").at(peak), 0) << peak;
  const std::string table = test::run_captured(all_verbs(), {"doctor", "--kernels"}).out;
  EXPECT_NE(table.find("\n  qgemm "), std::string::npos) << table;
}

TEST(Program, DoctorDescribesThisMachineAsJson) {
  const auto report = nlohmann::json::parse(test::run_captured(all_verbs(), {"doctor", "--json"}).out);
  for (const char* section : {"build", "system", "cpu", "threads", "memory", "libraries"})
    EXPECT_TRUE(report.contains(section)) << section;
  EXPECT_EQ(report["threads"]["hardware"], sysconf(_SC_NPROCESSORS_ONLN));
  EXPECT_EQ(report["memory"]["total_bytes"], sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
}

TEST(Program, OptionsPageIsCurrent) {
  std::ifstream file(LB_TEST_DIR "/../docs/options.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_TRUE(page.str() == options_page(all_verbs())) << "run: lowbit help --markdown > docs/options.md";
}

// What bash answers to a Tab, asked of bash itself.
std::string complete_in_bash(const std::string& words, int index) {
  const std::string path = ::testing::TempDir() + "lowbit_completion.bash";
  std::ofstream(path) << completion_script(all_verbs(), Shell::bash) << "COMP_WORDS=(" << words
                      << ")\nCOMP_CWORD=" << index << "\n_lowbit\necho \"${COMPREPLY[*]}\"\n";
  std::string answer;
  FILE* pipe = popen(("bash " + path).c_str(), "r");
  for (int c = 0; pipe != nullptr && (c = fgetc(pipe)) != EOF;) answer += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  return answer;
}

TEST(Completion, BashCompletesVerbsFlagsAndChoices) {
  EXPECT_EQ(complete_in_bash("lowbit doc", 1), "doctor\n");
  EXPECT_EQ(complete_in_bash("lowbit doctor --js", 2), "--json\n");
  EXPECT_EQ(complete_in_bash("lowbit completion ''", 2), "bash zsh fish\n");
  EXPECT_EQ(complete_in_bash("lowbit completion --shell f", 3), "fish\n");
  EXPECT_EQ(complete_in_bash("lowbit doctor fil", 2), "\n") << "left to file names";
}

/// To the process, as the system and other programs send them; waits for what must follow, but not for ever.
template <class Condition>
void send_and_wait(int signal_number, Condition condition) {
  kill(getpid(), signal_number);
  for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST(Signals, WithoutAGuardTheProcessEndsWithTheTablesCode) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto stop = [](int signal_number) {
    watch_signals();
    send_and_wait(signal_number, [] { return false; });
    _exit(1);
  };
  EXPECT_EXIT(stop(SIGINT), ::testing::ExitedWithCode(130), "");
  EXPECT_EXIT(stop(SIGTERM), ::testing::ExitedWithCode(143), "");
}

/// A handler's frame would land wherever generated code keeps its stack pointer.
TEST(Signals, AreBlockedInEveryThreadThatComputes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto blocked_here = [] {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    return sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM) && sigismember(&mask, SIGUSR1);
  };
  const auto check = [&] {
    watch_signals();
    bool elsewhere = false;
    std::thread([&] { elsewhere = blocked_here(); }).join();
    _exit(blocked_here() && elsewhere ? 0 : 1);
  };
  EXPECT_EXIT(check(), ::testing::ExitedWithCode(0), "");
}

TEST(Signals, WithAGuardTheFirstIsARequestAndTheSecondEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto stop_twice = [](bool again) {
    watch_signals();
    const StopGuard guard;
    if (stop_requested()) _exit(1);
    send_and_wait(SIGTERM, stop_requested);
    if (!stop_requested() || stop_exit_code() != 143) _exit(2);
    if (again) send_and_wait(SIGINT, [] { return false; });
    _exit(kExitPreempted);
  };
  EXPECT_EXIT(stop_twice(false), ::testing::ExitedWithCode(kExitPreempted), "");
  EXPECT_EXIT(stop_twice(true), ::testing::ExitedWithCode(130), "");
}

TEST(Output, AClosedPipeAndAFullDiskAreTold) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto write_to_closed_pipe = [] {
    int ends[2];
    if (pipe(ends) != 0) _exit(1);
    close(ends[0]);
    dup2(ends[1], STDOUT_FILENO);
    _exit(run_program(all_verbs(), std::vector<std::string>{"lowbit", "help"}));
  };
  EXPECT_EXIT(write_to_closed_pipe(), ::testing::ExitedWithCode(141), "^$");
  const auto write_to_full_disk = [] {
    if (std::freopen("/dev/full", "w", stdout) == nullptr) _exit(1);
    _exit(run_program(all_verbs(), std::vector<std::string>{"lowbit", "help"}));
  };
  EXPECT_EXIT(write_to_full_disk(), ::testing::ExitedWithCode(3), "standard output.*cannot write");
}

}  // namespace
}  // namespace lowbit
