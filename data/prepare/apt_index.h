#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "data/text/text_file.h"

namespace lowbit {

/// One stanza of an apt index: each field's value and its continuation lines, which keep their leading blank. Views
/// into the file.
struct AptStanza {
  int64_t line = 0;  ///< of the first field
  std::map<std::string_view, std::vector<std::string_view>> fields;

  bool has(std::string_view field) const { return fields.contains(field); }
  std::string_view value(std::string_view field) const { return fields.at(field).front(); }
};

/// Calls visit for every stanza of a Packages or Translation index (Debian policy 5.1 syntax).
/// Errors (data): a line that is neither `Field: value` nor a continuation, a stanza without Package, a file that ends
/// inside a line (cut short).
void each_stanza(const TextFile& file, const std::function<void(const AptStanza&)>& visit);

/// Files of an apt lists folder whose name ends in `suffix`, sorted by name. Error (data): no such folder.
std::vector<std::filesystem::path> find_indexes(const std::filesystem::path& lists, std::string_view suffix);

}  // namespace lowbit
