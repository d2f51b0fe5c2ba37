#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace lowbit {

/// Rows of a source text and its target: a translation, a summary. Row i is (source[i], target[i]); either may be
/// empty.
struct ParallelText {
  std::vector<std::string> source, target;
  std::vector<std::string> language = {};  ///< of each target; empty: all of one that is not named
  int64_t size() const { return static_cast<int64_t>(source.size()); }
};

/// The languages of the targets, sorted; none when they are not named.
std::vector<std::string> languages_of(const ParallelText& text);
/// The rows whose target is of that language, as a text of one language.
ParallelText rows_of(const ParallelText& text, const std::string& language);

/// The lines of files that belong together line by line. Errors (data): files of different length, naming the first
/// line without a partner, and those of TextFile::read.
std::vector<std::vector<std::string>> read_aligned_lines(std::span<const std::filesystem::path> paths);

/// Two line-aligned files. Errors: those of read_aligned_lines.
ParallelText read_parallel_lines(const std::filesystem::path& source, const std::filesystem::path& target);

/// Columns count from 1; negative ones count from the row's end: -1 is the last.
struct TsvColumns {
  int source = -2;
  int target = -1;
  int language = 0;  ///< of the target; 0: there is no such column
};

/// Tab-separated rows without header or quoting; the default columns fit the files of `lowbit prepare` and plain pairs.
/// Errors (data): a row without such a column, naming file, line and byte.
ParallelText read_parallel_tsv(const std::filesystem::path& path, const TsvColumns& columns = {});

/// Where the texts stand in a row's object; dots descend: "translation.en".
struct JsonFields {
  std::string source, target;
};

/// One JSON object per line; a blank line is a row of empty texts, null an empty text. Errors (data): a line that is no
/// JSON, a field that is missing or no string.
ParallelText read_parallel_jsonl(const std::filesystem::path& path, const JsonFields& fields);

/// One text per line, as for `generate`; an empty file has none. Errors: the others of TextFile::read.
std::vector<std::string> read_lines(const std::filesystem::path& path);
/// The same from a stream; `name` stands for the path in messages.
std::vector<std::string> read_lines(std::istream& stream, const std::string& name);

}  // namespace lowbit
