#include "apps/lib/run/run_folder.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "apps/lib/program/environment.h"
#include "apps/lib/program/output.h"
#include "core/error.h"
#include "core/files/atomic.h"

namespace lowbit {

namespace fs = std::filesystem;

namespace {

/// A training that was killed at its very start leaves the lock's file alone.
bool is_unused(const std::string& path) {
  return std::ranges::all_of(fs::directory_iterator(path),
                             [](const auto& entry) { return entry.path().filename() == FolderLock::kFile; });
}

}  // namespace

RunFolder RunFolder::create(const std::string& path) {
  refuse_file("run", path);
  RunFolder folder(path);
  std::error_code error;
  fs::create_directories(path, error);
  LB_REQUIRE(!error, ErrorKind::data, path, "the run folder cannot be made: {}", error.message());
  const auto lock = [&] { folder.lock_ = std::make_shared<FolderLock>(path); };
  if (fs::exists(fs::path(path) / FolderLock::kFile)) lock();  // before a look at what its holder is just writing
  LB_REQUIRE(folder.holds_run() || is_unused(path), ErrorKind::usage, path,
             "is not empty and holds no run (no config.yaml): choose another folder");
  if (!folder.lock_) lock();
  return folder;
}

RunFolder RunFolder::open(const std::string& path) {
  RunFolder folder(path);
  LB_REQUIRE(folder.holds_run(), ErrorKind::usage, path, "is no run folder: it has no config.yaml");
  return folder;
}

bool RunFolder::holds_run() const { return fs::is_regular_file(config()); }

std::string RunFolder::checkpoint(int64_t update) const { return fmt::format("{}/checkpoint-{}", path_, update); }

void RunFolder::describe(const std::string& config_yaml, std::span<const std::string> command_line) const {
  nlohmann::ordered_json report = environment_report();
  report["command_line"] = command_line;
  report["started"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  write_file_atomically(environment(), report.dump(2) + "\n");
  write_file_atomically(config(), config_yaml);
}

}  // namespace lowbit
