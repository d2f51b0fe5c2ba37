#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lowbit {

/// Levenshtein distance in bytes: the fewest insertions, deletions and substitutions that turn `a` into `b`.
int64_t edit_distance(std::string_view a, std::string_view b);

/// The name in `names` with the least edit distance to `wanted`, the first of equals; empty when none is near: when
/// more than half of the longer word would have to change. For messages about an unknown key, flag, slot or preset:
/// "unknown key optim.rl, the nearest is optim.lr".
std::string nearest_name(std::string_view wanted, std::span<const std::string> names);

/// The end of such a message: ", the nearest is optim.lr", or nothing. `sigil` goes before the name.
std::string nearest_hint(std::string_view wanted, std::span<const std::string> names, std::string_view sigil = "");

/// How deep brackets and braces are nested outside of strings, whether the text is JSON or not.
int64_t json_depth(std::string_view text);

/// A name from a file as it may stand in a one-line message: in quotes, controls and what is no UTF-8 escaped.
std::string quoted_name(std::string_view name);

}  // namespace lowbit
