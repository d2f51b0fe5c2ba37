#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lowbit {

/// The line of the program that asked for an op; functions take it as a defaulted last argument.
struct SourceLine {
  const char* file = "";
  int line = 0;
  static constexpr SourceLine here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// The address of one op instance. Errors, graph dumps, statistics and overflow reports all print it the same way:
///   decoder.layers.0.ffn.fc1/linear (nn/linear.cpp:40)
struct Site {
  std::shared_ptr<const std::string> path;  ///< module path; null outside any module
  std::string_view op;
  SourceLine at;
  std::string str() const;
};

/// Names the module whose forward runs on this thread; scopes nest: "encoder" then "layers.0" gives "encoder.layers.0".
class SiteScope {
 public:
  explicit SiteScope(std::string_view name);
  ~SiteScope();
  SiteScope(const SiteScope&) = delete;
  SiteScope& operator=(const SiteScope&) = delete;

 private:
  std::shared_ptr<const std::string> outer_;
};

/// Runs fn inside the scope `name`.
template <class Fn>
auto in_scope(std::string_view name, const Fn& fn) {
  SiteScope scope(name);
  return fn();
}

/// The path of the innermost scope; null outside any.
const std::shared_ptr<const std::string>& current_site_path();

}  // namespace lowbit
