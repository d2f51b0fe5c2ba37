#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {

/// The value that `name` stands for in a table of (value, name). Errors: ErrorKind::usage naming the nearest name.
/// `what` says what is being named: "tokenizer".
template <class Value, size_t N>
Value value_by_name(std::string_view where, std::string_view what, std::string_view name,
                    const std::array<std::pair<Value, std::string_view>, N>& table) {
  std::vector<std::string> names;
  for (const auto& [value, known] : table) {
    if (known == name) return value;
    names.emplace_back(known);
  }
  fail(ErrorKind::usage, where, "unknown {} \"{}\", the nearest is {}", what, name, nearest_name(name, names));
}

}  // namespace lowbit
