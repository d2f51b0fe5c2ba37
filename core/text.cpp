#include "core/text.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

namespace lowbit {

int64_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<int64_t> row(b.size() + 1);  // distances from the first i bytes of a to every prefix of b
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

std::string nearest_name(std::string_view wanted, std::span<const std::string> names) {
  std::string nearest;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const std::string& name : names) {
    const int64_t distance = edit_distance(wanted, name);
    const auto half = static_cast<int64_t>((std::max(wanted.size(), name.size()) + 1) / 2);
    if (distance > half || distance >= least) continue;
    nearest = name;
    least = distance;
  }
  return nearest;
}

std::string nearest_hint(std::string_view wanted, std::span<const std::string> names, std::string_view sigil) {
  const std::string nearest = nearest_name(wanted, names);
  if (nearest.empty()) return {};
  return std::string(", the nearest is ").append(sigil).append(nearest);
}

int64_t json_depth(std::string_view text) {
  int64_t depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') ++i;  // whatever follows is no quote
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

std::string quoted_name(std::string_view name) {
  return nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace lowbit
