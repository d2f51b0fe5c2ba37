#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/text/text_file.h"

namespace lowbit {

/// The cells of one line, split at tabs; there is always at least one.
std::vector<std::string_view> split_tabs(std::string_view line);

/// Cell number `column` of a file's line: from 1, or from the end when negative. Error (data) naming file, line and
/// byte.
std::string_view cell(const TextFile& file, int64_t line, const std::vector<std::string_view>& cells, int column);

}  // namespace lowbit
