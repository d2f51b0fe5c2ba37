#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// A pattern over dotted paths. `*` matches any characters but a dot, `**` any characters, `{a,b}` either (nested too);
/// everything else itself. "{encoder,decoder}.layers.**.weight" matches "encoder.layers.0.self_attn.q_proj.weight".
class Glob {
 public:
  /// Errors: ErrorKind::usage for braces that do not pair.
  explicit Glob(std::string_view pattern);
  bool matches(std::string_view path) const;
  const std::string& pattern() const { return pattern_; }

 private:
  std::string pattern_;
  std::vector<std::string> alternatives_;  // without braces
};

}  // namespace lowbit
