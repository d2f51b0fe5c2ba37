#pragma once

#include <filesystem>
#include <string_view>

namespace lowbit {

/// Writes a file that appears whole or not at all: into PATH.part, then renamed. Error (data): cannot be written.
void write_whole(const std::filesystem::path& path, std::string_view bytes);

}  // namespace lowbit
