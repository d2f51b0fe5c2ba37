#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace lowbit {

enum class LogLevel : uint8_t { trace, debug, info, warning, error, off };

/// The program's log: stderr at the level of LOWBIT_LOG (info unless set), and any files added. Standard output is for
/// results. Error(usage) when LOWBIT_LOG names no level. May be called again; files are then forgotten.
void set_up_log();
/// Appends everything from info up to a file, with date and level: a run folder's train.log. Error(data) if it cannot
/// be opened.
void log_to_file(const std::string& path);

void log_text(LogLevel level, std::string_view text);
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}

/// The last words of a program that failed, on stderr as "lowbit: error: TEXT" and in the log file, at whatever level.
void log_failure(std::string_view text);

/// The line at the bottom of a terminal that is rewritten in place; log lines appear above it. Empty takes it away.
/// Only for a stderr that is a terminal.
void show_transient_line(std::string line);

/// What stderr can show.
struct TerminalTraits {
  bool interactive = false;  ///< a terminal, and neither CI nor TERM=dumb is set: lines may be rewritten
  bool colour = false;       ///< interactive, and NO_COLOR is not set
  int columns = 80;
};
TerminalTraits stderr_traits();

}  // namespace lowbit
