#include "core/glob.h"

#include "core/error.h"

namespace lowbit {
namespace {

/// The first brace group: positions of `{`, of the commas of its own level and of `}`. Empty when there is none.
std::vector<size_t> first_group(std::string_view pattern) {
  const size_t open = pattern.find('{');
  LB_REQUIRE(pattern.substr(0, open).find('}') == std::string_view::npos, ErrorKind::usage, "recipe",
             "pattern \"{}\": }} without {{", pattern);
  if (open == std::string_view::npos) return {};
  std::vector<size_t> cuts = {open};
  int depth = 0;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == ',' && depth == 1) cuts.push_back(i);
    if (pattern[i] == '}' && --depth == 0) {
      cuts.push_back(i);
      return cuts;
    }
  }
  fail(ErrorKind::usage, "recipe", "pattern \"{}\": {{ without }}", pattern);
}

std::vector<std::string> expand(const std::string& pattern) {
  const std::vector<size_t> cuts = first_group(pattern);
  if (cuts.empty()) return {pattern};
  std::vector<std::string> all;
  for (size_t i = 0; i + 1 < cuts.size(); ++i)
    for (std::string& one :
         expand(pattern.substr(0, cuts.front()) + pattern.substr(cuts[i] + 1, cuts[i + 1] - cuts[i] - 1) +
                pattern.substr(cuts.back() + 1)))
      all.push_back(std::move(one));
  return all;
}

bool matches_plain(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] != '*')
    return !path.empty() && pattern[0] == path[0] && matches_plain(pattern.substr(1), path.substr(1));
  const bool crosses_dots = pattern.starts_with("**");
  const std::string_view rest = pattern.substr(crosses_dots ? 2 : 1);
  for (size_t taken = 0; taken <= path.size(); ++taken) {
    if (matches_plain(rest, path.substr(taken))) return true;
    if (taken < path.size() && path[taken] == '.' && !crosses_dots) return false;
  }
  return false;
}

}  // namespace

Glob::Glob(std::string_view pattern) : pattern_(pattern), alternatives_(expand(pattern_)) {}

bool Glob::matches(std::string_view path) const {
  for (const std::string& alternative : alternatives_)
    if (matches_plain(alternative, path)) return true;
  return false;
}

}  // namespace lowbit
