#include "data/corpus/parallel_text.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "data/corpus/tsv.h"
#include "data/text/text_file.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

/// Empty for null.
std::string string_at(const nlohmann::json& row, std::string_view field, const TextFile& file, int64_t line) {
  const nlohmann::json* value = &row;
  for (size_t begin = 0; begin <= field.size();) {
    const size_t dot = std::min(field.find('.', begin), field.size());
    const std::string name(field.substr(begin, dot - begin));
    LB_REQUIRE(value->is_object() && value->contains(name), ErrorKind::data, "jsonl",
               "{}: no field {} (looking for {})", file.where(line), name, field);
    value = &(*value)[name];
    begin = dot + 1;
  }
  if (value->is_null()) return {};
  LB_REQUIRE(value->is_string(), ErrorKind::data, "jsonl", "{}: field {} must hold a string, not {}", file.where(line),
             field, value->type_name());
  return value->get<std::string>();
}

nlohmann::json parse_row(const TextFile& file, int64_t line) {
  try {
    return nlohmann::json::parse(file.line(line));
  } catch (const nlohmann::json::parse_error& error) {
    fail(ErrorKind::data, "jsonl", "{}: not JSON from column {} on", file.where(line), error.byte);
  } catch (const nlohmann::json::out_of_range&) {
    fail(ErrorKind::data, "jsonl", "{}: has a number that no double holds", file.where(line));
  }
}

std::vector<std::string> lines_of(const TextFile& file) {
  std::vector<std::string> lines;
  lines.reserve(static_cast<size_t>(file.lines()));
  for (int64_t i = 1; i <= file.lines(); ++i) lines.emplace_back(file.line(i));
  return lines;
}

}  // namespace

std::vector<std::string> languages_of(const ParallelText& text) {
  const std::set<std::string> names(text.language.begin(), text.language.end());
  return {names.begin(), names.end()};
}

ParallelText rows_of(const ParallelText& text, const std::string& language) {
  ParallelText rows;
  for (size_t i = 0; i < text.language.size(); ++i) {
    if (text.language[i] != language) continue;
    rows.source.push_back(text.source[i]);
    rows.target.push_back(text.target[i]);
  }
  return rows;
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  return lines_of(TextFile::read(path, TextFile::Empty::allowed));
}

std::vector<std::string> read_lines(std::istream& stream, const std::string& name) {
  return lines_of(TextFile::read(stream, name, TextFile::Empty::allowed));
}

std::vector<std::vector<std::string>> read_aligned_lines(std::span<const std::filesystem::path> paths) {
  std::vector<std::vector<std::string>> texts;
  std::optional<TextFile> first;
  for (const std::filesystem::path& path : paths) {
    TextFile file = TextFile::read(path);
    if (!first) first = file;
    if (first->lines() != file.lines()) {
      const TextFile& longer = first->lines() > file.lines() ? *first : file;
      const TextFile& shorter = first->lines() > file.lines() ? file : *first;
      fail(ErrorKind::data, "lines",
           "{}: has no partner, {} ends after line {}; files that belong together must be aligned line by line",
           longer.where(shorter.lines() + 1), shorter.path().string(), shorter.lines());
    }
    texts.push_back(lines_of(file));
  }
  return texts;
}

ParallelText read_parallel_lines(const std::filesystem::path& source, const std::filesystem::path& target) {
  const std::filesystem::path paths[] = {source, target};
  std::vector<std::vector<std::string>> texts = read_aligned_lines(paths);
  return {std::move(texts[0]), std::move(texts[1])};
}

ParallelText read_parallel_tsv(const std::filesystem::path& path, const TsvColumns& columns) {
  const TextFile file = TextFile::read(path);
  ParallelText text;
  for (int64_t i = 1; i <= file.lines(); ++i) {
    const auto cells = split_tabs(file.line(i));
    text.source.emplace_back(cell(file, i, cells, columns.source));
    text.target.emplace_back(cell(file, i, cells, columns.target));
    if (columns.language != 0) text.language.emplace_back(cell(file, i, cells, columns.language));
  }
  return text;
}

ParallelText read_parallel_jsonl(const std::filesystem::path& path, const JsonFields& fields) {
  const TextFile file = TextFile::read(path);
  ParallelText text;
  for (int64_t i = 1; i <= file.lines(); ++i) {
    const bool blank = strip(file.line(i)).empty();
    const auto row = blank ? nlohmann::json() : parse_row(file, i);
    text.source.push_back(blank ? "" : string_at(row, fields.source, file, i));
    text.target.push_back(blank ? "" : string_at(row, fields.target, file, i));
  }
  return text;
}

}  // namespace lowbit
