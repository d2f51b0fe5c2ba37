#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace lowbit {

/// Why an operation failed. The value is the process exit code (docs/cli.md lists them for scripts).
enum class ErrorKind : int {
  internal = 1,    ///< a bug, or a misuse of the C++ API
  usage = 2,       ///< command line or configuration
  data = 3,        ///< input text, audio or corpus (file, line, byte where it can); output that cannot be written
  model = 4,       ///< checkpoint or model files: corrupt, half written, or for another model
  diverged = 5,    ///< training left the finite numbers
  memory = 6,      ///< host or device memory
  device = 7,      ///< device or library missing or too old
  peer = 8,        ///< another rank was lost
  self_check = 9,  ///< an internal comparison failed: export mismatch, gradient check
};

/// The only exception type that users must know. what() is one line: "[where] what was required, what came, what to
/// do".
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

/// Throws Error(kind, "[where] message"). `format` is a fmt format string.
template <class... Args>
[[noreturn]] void fail(ErrorKind kind, std::string_view where, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format("[{}] {}", where, fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace lowbit

/// A precondition of the C++ API: LB_CHECK(rank == 2, "linear", "weight must have rank 2, not {}", rank).
#define LB_CHECK(condition, where, ...)                                  \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::lowbit::fail(::lowbit::ErrorKind::internal, where, __VA_ARGS__); \
  } while (false)

/// The same for failures that have a kind of their own: LB_REQUIRE(found, ErrorKind::data, "corpus", "no file {}",
/// path).
#define LB_REQUIRE(condition, kind, where, ...) \
  do {                                          \
    if (!(condition)) [[unlikely]]              \
      ::lowbit::fail(kind, where, __VA_ARGS__); \
  } while (false)
