#include "apps/lib/log/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {
namespace {

// Writes to stderr around one transient line: takes it away, prints, puts it back. A warning or worse says its level,
// and says it in colour where that is welcome.
class TerminalSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void show(std::string line) {
    const std::lock_guard lock(mutex_);
    if (!transient_.empty() || !line.empty()) write(fmt::format("\r\033[2K{}", line));
    transient_ = std::move(line);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line = transient_.empty() ? "" : "\r\033[2K";
    if (message.level >= spdlog::level::warn) {
      const char* name = message.level == spdlog::level::warn ? "warning" : "error";
      line += colour_ ? fmt::format("\033[33m{}:\033[0m ", name) : fmt::format("{}: ", name);
    }
    line.append(message.payload.begin(), message.payload.end());
    write(line + "\n" + transient_);
  }
  void flush_() override {}

  // One write() a line: lines of several processes on one terminal stay whole. A closed stderr must not stop training.
  static void write(const std::string& text) {
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
  }

  std::string transient_;
  const bool colour_ = stderr_traits().colour;
};

constexpr spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

LogLevel level_from_environment() {
  const char* wanted = std::getenv("LOWBIT_LOG");
  if (wanted == nullptr || *wanted == '\0') return LogLevel::info;
  const std::vector<std::string> names = {"trace", "debug", "info", "warning", "error", "off"};
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == wanted) return static_cast<LogLevel>(i);
  }
  fail(ErrorKind::usage, "LOWBIT_LOG", "no level \"{}\"{}", wanted, nearest_hint(wanted, names));
}

struct Log {
  std::shared_ptr<TerminalSink> terminal = std::make_shared<TerminalSink>();
  spdlog::logger logger{"lowbit", terminal};
};

Log& instance() {
  static Log log;
  return log;
}

}  // namespace

void set_up_log() {
  Log& log = instance();
  log.logger.sinks() = {log.terminal};
  log.terminal->set_level(to_spdlog(level_from_environment()));
  log.logger.set_level(spdlog::level::trace);
}

void log_to_file(const std::string& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, /*truncate=*/false);
    sink->set_pattern("%Y-%m-%d %H:%M:%S | %l | %v");
    sink->set_level(spdlog::level::info);
    instance().logger.sinks().push_back(std::move(sink));
    instance().logger.flush_on(spdlog::level::info);
    instance().logger.set_error_handler([path, told = false](const std::string& error) mutable {
      if (!std::exchange(told, true)) fmt::print(stderr, "warning: {}: lines are missing: {}\n", path, error);
    });
  } catch (const spdlog::spdlog_ex& error) {
    fail(ErrorKind::data, path, "cannot be opened for the log: {}", error.what());
  }
}

void log_text(LogLevel level, std::string_view text) {
  instance().logger.log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

void log_failure(std::string_view text) {
  show_transient_line("");
  fmt::print(stderr, "lowbit: error: {}\n", text);
  const auto& sinks = instance().logger.sinks();
  for (const spdlog::sink_ptr& sink : sinks) {
    if (sink == instance().terminal) continue;
    try {
      sink->log({instance().logger.name(), spdlog::level::err, spdlog::string_view_t(text.data(), text.size())});
      sink->flush();
    } catch (const spdlog::spdlog_ex&) {  // the file cannot take it; standard error has it
    }
  }
}

void show_transient_line(std::string line) { instance().terminal->show(std::move(line)); }

TerminalTraits stderr_traits() {
  const auto is_set = [](const char* name) { return std::getenv(name) != nullptr && *std::getenv(name) != '\0'; };
  const char* term = std::getenv("TERM");
  TerminalTraits traits;
  traits.interactive =
      isatty(STDERR_FILENO) == 1 && !is_set("CI") && (term == nullptr || std::string_view(term) != "dumb");
  traits.colour = traits.interactive && !is_set("NO_COLOR");
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) traits.columns = size.ws_col;
  return traits;
}

}  // namespace lowbit
