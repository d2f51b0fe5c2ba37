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
/// Error (usage), in the name of a verb, unless `folder` is empty or not there.
void expect_new_folder(std::string_view verb, const std::string& folder);
/// Where the links lead that have the name of a folder to be written: it takes the place of their target, not of a
/// link.
std::string behind_links(const std::string& folder);

}  // namespace lowbit
