#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "optim/checkpoint_store.h"
#include "tests/support/expect_error.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_dir.h"

namespace lowbit {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::FileSizeLimit;
using test::TempDir;

constexpr int64_t kElements = 20000;

Checkpoint at(int64_t update, int64_t elements = kElements) {
  Checkpoint checkpoint;
  const Tensor tensor =
      Tensor::from({elements}, std::vector<float>(static_cast<size_t>(elements), static_cast<float>(update)));
  checkpoint.model.tensors = {{"weight", tensor}};
  checkpoint.optimizer.tensors = {{"weight.exp_avg", tensor}};
  checkpoint.state.updates = update;
  return checkpoint;
}

/// Model, optimizer and state are of one and the same update.
void expect_whole(const Checkpoint& checkpoint) {
  const std::vector<float> expected(kElements, static_cast<float>(checkpoint.state.updates));
  EXPECT_EQ(checkpoint.model.tensors.at("weight").to_vector<float>(), expected);
  EXPECT_EQ(checkpoint.optimizer.tensors.at("weight.exp_avg").to_vector<float>(), expected);
}

/// Runs fn in a child process; the exit status is what fn returns.
template <class Fn>
pid_t in_child(const Fn& fn) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(fn());
  return child;
}

/// The child saves one checkpoint after the other and reports each; the parent kills it at an arbitrary moment.
/// Returns how many reports came.
int save_until_killed(const std::string& folder, int64_t first, int reports_before_kill, int delay_us) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t child = in_child([&] {
    CheckpointStore store(folder, {.last = 2});
    for (int64_t update = first;; ++update) {
      store.save(at(update));
      if (::write(ends[1], "x", 1) != 1) return 1;
    }
  });
  ::close(ends[1]);
  char byte;
  int reports = 0;
  while (reports < reports_before_kill && ::read(ends[0], &byte, 1) == 1) ++reports;
  std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (::read(ends[0], &byte, 1) == 1) ++reports;
  ::close(ends[0]);
  return reports;
}

TEST(CheckpointCrash, KilledAnywhereTheLastSavedCheckpointLoads) {
  const TempDir run;
  const CheckpointStore store(run.path(), {.last = 2});
  int64_t next = 1;
  for (int round = 0; round < 12; ++round) {
    const int reports = save_until_killed(run.path(), next, 1, round * 700);
    ASSERT_GE(reports, 1);
    const auto loaded = store.load_last();
    ASSERT_TRUE(loaded.has_value());
    EXPECT_EQ(loaded->warning, "");
    EXPECT_GE(loaded->checkpoint.state.updates, next + reports - 1) << "a checkpoint that was saved is lost";
    EXPECT_LE(loaded->checkpoint.state.updates, next + reports);
    expect_whole(loaded->checkpoint);
    next = loaded->checkpoint.state.updates + 1;
  }
}

TEST(CheckpointCrash, FileTooLargeLeavesTheOldCheckpoint) {
  const TempDir run;
  CheckpointStore store(run.path(), {});
  store.save(at(1));
  {
    const FileSizeLimit limit(kElements * 4 + 1000);  // room for files of the first size only
    expect_error(ErrorKind::data, {"model.safetensors", "nothing was changed"},
                 [&] { store.save(at(2, 2 * kElements)); });
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(run.path()), {}), 2) << "one folder and one link";
  const auto loaded = store.load_last();
  EXPECT_EQ(loaded->checkpoint.state.updates, 1);
  EXPECT_EQ(loaded->warning, "");
  expect_whole(loaded->checkpoint);
  store.save(at(2));
  EXPECT_EQ(store.load_last()->checkpoint.state.updates, 2);
}

enum Outcome : int { kPassed, kFailed, kNoTmpfs };

/// In a file system of 300 kB of its own: the first checkpoint (160 kB) fits, the second beside it does not.
int fill_a_disk(const std::string& folder) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=300k") != 0)
    return kNoTmpfs;
  CheckpointStore store(folder, {.last = 1});
  store.save(at(1));
  try {
    store.save(at(2));
    return kFailed;
  } catch (const Error& error) {
    const std::string message = error.what();
    if (error.kind() != ErrorKind::data || message.find("No space left on device") == std::string::npos) return kFailed;
  }
  const auto loaded = store.load_last();
  return loaded->checkpoint.state.updates == 1 && loaded->warning.empty() ? kPassed : kFailed;
}

TEST(CheckpointCrash, FullDiskLeavesTheOldCheckpoint) {
  const TempDir run;
  const pid_t child = in_child([&] { return fill_a_disk(run.path()); });
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoTmpfs) GTEST_SKIP() << "mounting a tmpfs needs root";
  EXPECT_EQ(WEXITSTATUS(status), kPassed);
}

}  // namespace
}  // namespace lowbit
