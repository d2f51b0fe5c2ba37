#pragma once

#include <string>
#include <string_view>

namespace lowbit {

/// The reader of standard output has gone away (`lowbit generate ... | head`). Not an Error: nothing went wrong here.
struct BrokenPipe {};

/// Writes to standard output, where results go; logs go to stderr. BrokenPipe, or Error(data) when it cannot be
/// written.
void write_output(std::string_view text);
/// Pushes what was written to its reader, with the same failures.
void flush_output();

/// Error (usage) when a folder is to be written and a file has its name.
void refuse_file(std::string_view where, const std::string& folder);

}  // namespace lowbit
