#include "apps/lib/run/run_folder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "apps/lib/program/environment.h"
#include "core/error.h"

namespace lowbit {

namespace fs = std::filesystem;

RunFolder RunFolder::create(const std::string& path) {
  RunFolder folder(path);
  std::error_code error;
  fs::create_directories(path, error);
  LB_REQUIRE(!error, ErrorKind::data, path, "the run folder cannot be made: {}", error.message());
  LB_REQUIRE(folder.holds_run() || fs::is_empty(path), ErrorKind::usage, path,
             "is not empty and holds no run (no config.yaml): choose another folder");
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

void write_file_atomically(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool good = file >= 0;
  for (size_t done = 0; good && done < text.size();) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    good = count > 0 || (count < 0 && errno == EINTR);
    if (count > 0) done += static_cast<size_t>(count);
  }
  good = good && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (good && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  const int reason = good ? errno : error;
  std::remove(temporary.c_str());
  fail(ErrorKind::data, path, "cannot be written: {}", std::strerror(reason));
}

}  // namespace lowbit
