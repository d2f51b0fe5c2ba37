#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace lowbit {

/// Names of the values of a choice as users write them.
template <class Value, size_t N>
using NameTable = std::array<std::pair<std::string_view, Value>, N>;

/// The value that `name` stands for in a table. Errors: ErrorKind::usage naming the nearest name.
/// `what` says what is being named: "tokenizer".
template <class Value, size_t N>
Value value_by_name(std::string_view where, std::string_view what, std::string_view name,
                    const NameTable<Value, N>& table) {
  std::vector<std::string> names;
  for (const auto& [known, value] : table) {
    if (known == name) return value;
    names.emplace_back(known);
  }
  fail(ErrorKind::usage, where, "unknown {} \"{}\"{}", what, name, nearest_hint(name, names));
}

template <class Value, size_t N>
std::string_view name_of_value(Value wanted, const NameTable<Value, N>& table) {
  for (const auto& [name, value] : table) {
    if (value == wanted) return name;
  }
  fail(ErrorKind::internal, "name_of_value", "value {} is not in the table", static_cast<int>(wanted));
}

}  // namespace lowbit
